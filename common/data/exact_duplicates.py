"""Number the pictures so that copies of one picture share a number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def exact_duplicates(*fingerprints: Sequence[str]) -> npt.NDArray[np.int64]:
    """Number N files by what they hold.

    Parameters
    ----------
    *fingerprints : sequence of str
        Each gives one hash for each of the N files, for example of its bytes and of its pixels; one in common is enough
        to make two files copies. ``""`` says that there is none.

    Returns
    -------
    ndarray of int64, shape [N]
        The same number for copies of one picture.
    """
    count = len(fingerprints[0])
    first: list[int] = []
    second: list[int] = []
    for hashes in fingerprints:
        seen: dict[str, int] = {}
        for index, value in enumerate(hashes):
            if value:
                first.append(seen.setdefault(value, index))
                second.append(index)
    ties = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    return connected_components(ties, directed=False)[1].astype(np.int64)
