"""What a hospital returns so that BatchNorm's statistics can be estimated anew: two means a channel, and no more.

They are of the kind of the running statistics that travel with every update.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from common.model.statistics import Moments
from common.protocol.answers import Count, typed
from common.protocol.postprocess import UnusableAnswer

_FLOAT = np.dtype("<f8")
_MOST = 100_000 * _FLOAT.itemsize
_ROUNDING = 1e-6  # of a mean square, by which it may fall below the square of the mean


class _MomentNumbers(Struct, frozen=True):
    slices: Count
    mean: Annotated[bytes, Meta(max_length=_MOST)]
    square: Annotated[bytes, Meta(max_length=_MOST)]


def moments_record(moments: Moments) -> Mapping[str, Any]:
    """Write the moments, eight bytes each, in the order of the normalisations."""
    values = {of: np.concatenate(list(getattr(moments, of).values())) for of in ("mean", "square")}
    return {"slices": moments.slices, **{of: array.astype(_FLOAT).tobytes() for of, array in values.items()}}


def read_moments(record: Any, slices: int, channels: Mapping[str, int]) -> Moments:
    """Read a hospital's moments.

    Parameters
    ----------
    slices : int
        Training slices that it described.
    channels : mapping of str to int
        The normalisations of the run's network, in its order.

    Raises
    ------
    UnusableAnswer
        If they cannot be.
    """
    unreadable = "its statistics cannot be read"
    found = typed(_MomentNumbers, record, unreadable)
    if {len(found.mean), len(found.square)} != {sum(channels.values()) * _FLOAT.itemsize} or found.slices != slices:
        raise UnusableAnswer(unreadable)
    mean, square = (np.frombuffer(each, _FLOAT).astype(np.float64) for each in (found.mean, found.square))
    if not (np.isfinite(mean).all() and np.isfinite(square).all()):
        raise UnusableAnswer("its statistics are not finite")
    if (square * (1 + _ROUNDING) < mean**2).any():
        raise UnusableAnswer("its statistics hold negative variances")
    return Moments(found.slices, _by_name(mean, channels), _by_name(square, channels))


def _by_name(values: npt.NDArray[np.float64], channels: Mapping[str, int]) -> dict[str, npt.NDArray[np.float64]]:
    ends = np.cumsum(list(channels.values()))[:-1]
    return dict(zip(channels, np.split(values, ends), strict=True))
