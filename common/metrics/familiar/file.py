"""``familiarity.npz``, beside the weights: what an image's distance is measured with, and what is too far."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np

from common.metrics.familiar.distances import BINS, Counts
from common.metrics.familiar.sums import Likeness, likeness_from

MOST_BYTES = 1_000_000
_MOST_UNPACKED = 4 * MOST_BYTES


@dataclass(frozen=True)
class Recorded:
    """The file's content."""

    likeness: Likeness
    threshold: float
    """The distance that 95 % of the validation slices keep to."""
    val: Counts
    """All hospitals' validation slices by distance."""
    test: Counts
    """Their test slices."""


def encode(recorded: Recorded) -> bytes:
    """Return the file's content, the same bytes for the same numbers."""
    buffer = io.BytesIO()
    arrays = recorded.likeness.arrays()
    np.savez_compressed(
        buffer,
        allow_pickle=False,
        mean=arrays["mean"],
        whitening=arrays["whitening"],
        threshold=np.float64(recorded.threshold),
        val=recorded.val,
        test=recorded.test,
    )
    return buffer.getvalue()


def decode(content: bytes) -> Recorded:
    """Read the file, as numbers alone.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > _MOST_UNPACKED:
                raise ValueError("too large")
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            arrays = {name: found[name] for name in ("mean", "whitening", "threshold", "val", "test")}
    except Exception as error:  # the zip reader and NumPy raise nearly every built-in type on damaged input
        raise ValueError("no file of distances") from error
    threshold, val, test = (arrays.pop(name) for name in ("threshold", "val", "test"))
    if threshold.dtype != np.float64 or threshold.shape or not 0 < float(threshold) < np.inf:
        raise ValueError("no threshold")
    if any(counts.dtype != np.int64 or counts.shape != (BINS,) for counts in (val, test)):
        raise ValueError("no counts")
    return Recorded(likeness_from(arrays), float(threshold), val, test)
