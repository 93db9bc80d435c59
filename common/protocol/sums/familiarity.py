"""What hospitals return so that an image can be told from the slices of training: sums and counts alone, twice.

First the sums of the features of the training slices, then, measured with what the server made of all hospitals' sums,
the held-out slices by distance. An empty record says that a hospital returns none: its policy forbids it, or it has too
few slices.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct

from common.metrics.familiar.distances import BINS, DistanceCounts, counts_problem
from common.metrics.familiar.sums import FeatureSums, packed_size, sums_problem
from common.protocol.answers import Count, typed
from common.protocol.postprocess import UnusableAnswer

NOT_TOLD = "it returns no sums of features (its policy, or too few slices)"
_FLOAT = np.dtype("<f8")
_MOST_FEATURES = 4096
_MOST = packed_size(_MOST_FEATURES) * _FLOAT.itemsize


class _SumNumbers(Struct, frozen=True):
    count: Count
    total: Annotated[bytes, Meta(max_length=_MOST)]
    products: Annotated[bytes, Meta(max_length=_MOST)]


class _DistanceNumbers(Struct, frozen=True):
    val: Annotated[list[Count], Meta(min_length=BINS, max_length=BINS)]
    test: Annotated[list[Count], Meta(min_length=BINS, max_length=BINS)]


def sums_record(sums: FeatureSums | None) -> Mapping[str, Any]:
    """Write the sums; eight bytes each."""
    if sums is None:
        return {}
    numbers = {"total": sums.total, "products": sums.products}
    return {"count": sums.count, **{name: array.astype(_FLOAT).tobytes() for name, array in numbers.items()}}


def read_sums(record: Any, slices: int, features: int) -> FeatureSums:
    """Read a hospital's sums.

    Parameters
    ----------
    slices : int
        Training slices that it described.
    features : int
        Of the run's network.

    Raises
    ------
    UnusableAnswer
        If there are none, or they cannot be.
    """
    if record == {}:
        raise UnusableAnswer(NOT_TOLD)
    unreadable = "its sums of features cannot be read"
    found = typed(_SumNumbers, record, unreadable)
    sizes = (features * _FLOAT.itemsize, packed_size(features) * _FLOAT.itemsize)
    if (len(found.total), len(found.products)) != sizes:
        raise UnusableAnswer(unreadable)
    total, products = (np.frombuffer(each, _FLOAT).astype(np.float64) for each in (found.total, found.products))
    sums = FeatureSums(found.count, total, products)
    if problem := sums_problem(sums, slices):
        raise UnusableAnswer(problem)
    return sums


def distances_record(counts: DistanceCounts | None) -> Mapping[str, Any]:
    """Write the counts."""
    return {} if counts is None else {"val": counts.val.tolist(), "test": counts.test.tolist()}


def read_distances(record: Any, val: int, test: int) -> DistanceCounts:
    """Read a hospital's counts.

    Parameters
    ----------
    val, test : int
        Slices that it described.

    Raises
    ------
    UnusableAnswer
        If there are none, or they cannot be.
    """
    if record == {}:
        raise UnusableAnswer(NOT_TOLD)
    found = typed(_DistanceNumbers, record, "its counts of distances cannot be read")
    for counts, slices in ((found.val, val), (found.test, test)):
        if problem := counts_problem(counts, slices):
            raise UnusableAnswer(problem)
    return DistanceCounts(np.asarray(found.val, np.int64), np.asarray(found.test, np.int64))
