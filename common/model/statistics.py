"""BatchNorm's statistics out of several hospitals' moments, which add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.model.weights import AnyArray, Arrays

MEAN, VARIANCE = ".running_mean", ".running_var"
Channels = Mapping[str, npt.NDArray[np.float64]]
"""By the name of a normalisation, one number a channel."""


@dataclass(frozen=True)
class Moments:
    """What goes into each normalisation of a model, over a hospital's training slices."""

    slices: int
    mean: Channels
    square: Channels
    """Mean of the squares."""


def normalisations(arrays: Mapping[str, AnyArray]) -> dict[str, int]:
    """Return the names of a model's normalisations with statistics, and their channels."""
    return {name.removesuffix(MEAN): len(array) for name, array in arrays.items() if name.endswith(MEAN)}


def with_statistics(arrays: Arrays, hospitals: Sequence[Moments]) -> Arrays:
    """Return a model with the statistics of all hospitals' slices together, each slice counted alike."""
    shares = np.asarray([each.slices for each in hospitals], dtype=np.float64)
    shares /= shares.sum()
    found = dict(arrays)
    for name in normalisations(arrays):
        mean, square = (
            sum(share * getattr(each, of)[name] for share, each in zip(shares, hospitals, strict=True))
            for of in ("mean", "square")
        )
        for ending, values in ((MEAN, mean), (VARIANCE, np.maximum(square - mean**2, 0.0))):
            found[name + ending] = np.asarray(values).astype(arrays[name + ending].dtype)
    return found
