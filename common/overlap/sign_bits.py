"""The rough shape of a slice as 192 bits that survive compression, another size and another brightness.

A bit is the sign of a coefficient of the two-dimensional cosine transform of the 32 x 32 thumbnail, as in perceptual
hashes (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, there against the median).
Of the 16 x 16 lowest frequencies those that are even along both axes are left out: they say that a head is bright in
the middle and dark around, in almost every slice alike. The others are zero for what is symmetric, so their signs stand
for what differs from head to head, and are positive for about every second slice.

All numbers are whole and below 2^53, so double precision holds them exactly: the same picture gives the same bits on
any machine, and a mirrored one exactly turned signs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from common.data.near_duplicates import ORIENTATIONS, Thumbs, orient

SIDE = 32
BITS = 192

_LOWEST = 16
_FEWEST_SIGNS = 64  # a picture with one axis of symmetry still has as many
_BLOCK = 2048


def _basis() -> npt.NDArray[np.float64]:
    """Return the cosines of DCT-II times 4096, rounded, shape ``[16, 32]``."""
    angle = np.pi * np.outer(np.arange(_LOWEST), 2 * np.arange(SIDE) + 1) / (2 * SIDE)
    return np.rint(4096 * np.cos(angle))


_BASIS = _basis()
_ODD = (np.add.outer(2 * (np.arange(_LOWEST) % 2), np.arange(_LOWEST) % 2)) > 0  # along either axis


def coefficients(thumbs: Thumbs) -> npt.NDArray[np.float64]:
    """Transform thumbnails.

    Parameters
    ----------
    thumbs : ndarray of uint8, shape [N, 32, 32]
        Grey thumbnails.

    Returns
    -------
    ndarray of float64, shape [N, 192]
        Whole numbers: the coefficients that are odd along at least one axis, row by row. A constant added to the
        picture changes none of them.
    """
    return (_BASIS @ thumbs.astype(np.float64) @ _BASIS.T)[:, _ODD]


def sign_bits(thumbs: Thumbs) -> npt.NDArray[np.bool_]:
    """Return the bits of each of the eight orientations, in the order of `ORIENTATIONS`.

    Parameters
    ----------
    thumbs : ndarray of uint8, shape [N, 32, 32]
        Grey thumbnails.

    Returns
    -------
    ndarray of bool, shape [N, 8, 192]
    """
    bits = np.empty((len(thumbs), len(ORIENTATIONS), BITS), dtype=bool)
    for start in range(0, len(thumbs), _BLOCK):
        block = thumbs[start : start + _BLOCK]
        for orientation in range(len(ORIENTATIONS)):
            bits[start : start + _BLOCK, orientation] = coefficients(orient(block, orientation)) > 0
    return bits


def has_shape(thumbs: Thumbs) -> npt.NDArray[np.bool_]:
    """Say which pictures have enough signs to be told from others; one even shade has none.

    Parameters
    ----------
    thumbs : ndarray of uint8, shape [N, 32, 32]
        Grey thumbnails.

    Returns
    -------
    ndarray of bool, shape [N]
    """
    blocks = [thumbs[start : start + _BLOCK] for start in range(0, len(thumbs), _BLOCK)]
    counts = [np.count_nonzero(coefficients(block), axis=1) for block in blocks]
    return np.concatenate([np.empty(0, np.int64), *counts]) >= _FEWEST_SIGNS
