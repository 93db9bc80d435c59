"""Several hospitals' slices as if they were one hospital's: the yardstick that a federation is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.batches import Indices, Slices, count_batches


class PooledPixels:
    """Several arrays of slices under one numbering; only what is asked for is read.

    Parameters
    ----------
    parts : sequence of ndarray of uint8, each ``[N_i, S, S, 3]``
        Usually memory maps.
    """

    def __init__(self, parts: Sequence[npt.NDArray[np.uint8]]) -> None:
        self._parts = list(parts)
        self._ends = np.cumsum([len(part) for part in parts])

    def __getitem__(self, indices: Indices, /) -> npt.NDArray[np.uint8]:
        """Return the slices at `indices`, in their order."""
        gathered = np.empty((len(indices), *self._parts[0].shape[1:]), np.uint8)
        owners = np.searchsorted(self._ends, indices, side="right")
        for owner in np.unique(owners):
            rows = np.flatnonzero(owners == owner)
            start = self._ends[owner] - len(self._parts[owner])
            gathered[rows] = self._parts[owner][indices[rows] - start]
        return gathered


@dataclass(frozen=True)
class Pool:
    """What one loader over several hospitals reads.

    Attributes
    ----------
    slices : Slices
        Of all of them, numbered one hospital after the other.
    indices : ndarray of int64
        All their training slices.
    steps_per_epoch : int
        As many as the hospitals take together, so that both see a slice as often in as many steps.
    """

    slices: Slices
    indices: Indices
    steps_per_epoch: int


def pool(hospitals: Sequence[tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], Indices]], batch_size: int) -> Pool:
    """Join hospitals.

    Parameters
    ----------
    hospitals : sequence of tuple of (pixels, labels, training split)
        Arrays ``[N_i, S, S, 3]`` and ``[N_i]``, and indices into them.
    batch_size : int
        Largest size of a batch.
    """
    sizes = [len(labels) for _, labels, _ in hospitals]
    starts = np.cumsum([0, *sizes[:-1]])
    return Pool(
        slices=Slices(PooledPixels([pixels for pixels, _, _ in hospitals]), np.concatenate([h[1] for h in hospitals])),
        indices=np.concatenate([start + own for start, (_, _, own) in zip(starts, hospitals, strict=True)]),
        steps_per_epoch=sum(count_batches(len(own), batch_size) for _, _, own in hospitals),
    )
