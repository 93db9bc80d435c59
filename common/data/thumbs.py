"""Small grey versions of pictures: how they can be turned, and how alike two of them are, exactly on any machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Thumbs = npt.NDArray[np.uint8]
"""Grey thumbnails, shape ``[N, 32, 32]``."""

_BLOCK = 1024  # pictures whose pixels are held as whole numbers of 32 bits at a time
# The limit on threads is the whole process's, so one search at a time sets it and takes it back.
_ONE_SEARCH = Lock()
_Pixel = TypeVar("_Pixel", np.uint8, np.float64)

ORIENTATIONS: tuple[str, ...] = (
    "as it is",
    "turned by 90 degrees",
    "turned by 180 degrees",
    "turned by 270 degrees",
    "mirrored",
    "mirrored and turned by 90 degrees",
    "mirrored and turned by 180 degrees",
    "mirrored and turned by 270 degrees",
)


def orient(pictures: npt.NDArray[_Pixel], orientation: int) -> npt.NDArray[_Pixel]:
    """Bring pictures, shape ``[N, S, S]``, into one of the `ORIENTATIONS`."""
    turned = np.rot90(pictures, orientation % 4, axes=(1, 2))
    return np.ascontiguousarray(turned[:, :, ::-1] if orientation >= 4 else turned)


def correlate(first: Thumbs, second: Thumbs) -> Floats:
    """Correlate pictures, shape ``[P, H, W]``, one with one and exactly alike on any machine.

    Returns the normalised correlations, -1 to 1; 0 where a picture has one even shade.
    """
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(first), _BLOCK)]
    return np.concatenate([np.empty(0), *(_correlate_block(first[block], second[block]) for block in blocks)])


def correlate_all(first: Thumbs, second: Thumbs) -> Floats:
    """Correlate each thumbnail with each, shape ``[N, M]``: to the last bit what `correlate` says of two of them."""
    (a, sum_a, spread_a), (b, sum_b, spread_b) = _centred(first), _centred(second)
    covariance = a.shape[1] * (a @ b.T).astype(np.float64) - sum_a[:, None] * sum_b
    spread = spread_a[:, None] * spread_b
    return np.divide(covariance, spread, out=np.zeros_like(covariance), where=spread > 0)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let matrix products run on one thread: threads that wait for each other after every small one take far longer."""
    with _ONE_SEARCH, threadpool_limits(limits=1, user_api="blas"):
        yield


def _correlate_block(first: Thumbs, second: Thumbs) -> Floats:
    # 1,024 products of two bytes fit into 32 bits.
    count = first.shape[1] * first.shape[2]
    a = first.reshape(len(first), count).astype(np.int32)
    b = second.reshape(len(second), count).astype(np.int32)
    sum_a, sum_b = a.sum(axis=1, dtype=np.int64), b.sum(axis=1, dtype=np.int64)
    covariance = count * _dot(a, b) - sum_a * sum_b
    spread = np.sqrt((count * _dot(a, a) - sum_a * sum_a).astype(np.float64))
    spread *= np.sqrt((count * _dot(b, b) - sum_b * sum_b).astype(np.float64))
    return np.divide(covariance, spread, out=np.zeros(len(a)), where=spread > 0)


def _dot(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]) -> Indices:
    return np.einsum("ij,ij->i", a, b).astype(np.int64)


def _centred(thumbs: Thumbs) -> tuple[npt.NDArray[np.float32], Floats, Floats]:
    """Return pixels less 128, their sums, and the root of what they spread.

    Sums of 1,024 products of such pixels are whole numbers up to 2^24, which single precision holds exactly whatever
    the order in which a matrix product adds them up.
    """
    pixels = thumbs.reshape(len(thumbs), -1).astype(np.float32) - np.float32(128)
    total = pixels.sum(axis=1, dtype=np.float64)
    squares = np.einsum("ij,ij->i", pixels, pixels).astype(np.float64)
    return pixels, total, np.sqrt(pixels.shape[1] * squares - total * total)
