"""Describe thumbnails by few numbers, from which follows how much alike two of them can be at most.

A thumbnail, made free of its mean and of length 1, is a vector whose scalar product with another one is their
correlation. Of such a vector we keep its coordinates along some axes at right angles to each other, and the length of
all the rest. By Cauchy and Schwarz two rests have at most the product of their lengths in common, so the scalar product
of two such descriptions is never below the correlation.

The axes are the principal ones of a sample of the pictures, which leaves the least in the rest; they decide how tight
the bound is, never whether it holds. They are sought among patterns that turning or mirroring a picture merely negates
or exchanges for each other, so that the description of a turned picture is that of the picture with its coordinates
negated or exchanged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import numpy.typing as npt

from common.data.thumbs import ORIENTATIONS, Floats, Indices, Thumbs, orient

Descriptions = npt.NDArray[np.float32]
"""Of N thumbnails, shape ``[N, K + 1]``: K coordinates and the length of the rest."""

COARSE = 24
FINE = 128
"""Numbers in a coarse and a fine description at most."""

_SIDE = 16  # axes are patterns of 16 x 16, each pixel of which stands for four of a thumbnail's
_SAMPLE = 1024
_BLOCK = 1024


@dataclass(frozen=True)
class Axes:
    """Axes that suit some thumbnails."""

    patterns: Floats
    """Shape ``[K, 16, 16]``, of length 1 and at right angles to each other."""
    coarse: int
    """The first so many are the coarse description's; no orientation takes one of them to a later one."""
    source: Indices
    """Shape ``[8, K + 1]``: for each orientation the number that becomes each one of a turned picture's description."""
    sign: npt.NDArray[np.float32]
    """What it is multiplied by, 1 or -1."""

    def describe(self, thumbs: Thumbs) -> tuple[Descriptions, Descriptions]:
        """Return coarse and fine descriptions of thumbnails."""
        count, flat = len(self.patterns), self.patterns.reshape(len(self.patterns), -1).T
        coarse = np.empty((len(thumbs), self.coarse + 1), np.float32)
        fine = np.empty((len(thumbs), count + 1), np.float32)
        for start in range(0, len(thumbs), _BLOCK):
            block = slice(start, start + _BLOCK)
            vectors, squared = _shrunk(thumbs[block])
            coordinates = vectors @ flat
            for descriptions, kept in ((coarse, self.coarse), (fine, count)):
                rest = squared - (coordinates[:, :kept] ** 2).sum(axis=1)
                descriptions[block, :kept] = coordinates[:, :kept]
                descriptions[block, kept] = np.sqrt(np.maximum(rest, 0))
        return coarse, fine

    def turn(self, descriptions: Descriptions, orientation: int) -> Descriptions:
        """Return the descriptions, coarse or fine, of the same thumbnails in one of the `ORIENTATIONS`."""
        kept = descriptions.shape[1] - 1
        source = np.append(self.source[orientation, :kept], kept)
        return descriptions.take(source, axis=1) * np.append(self.sign[orientation, :kept], np.float32(1))


def find_axes(thumbs: Thumbs) -> Axes:
    """Find the principal axes of some thumbnails."""
    vectors = _shrunk(thumbs[:: -(-len(thumbs) // _SAMPLE)])[0].reshape(-1, _SIDE, _SIDE)
    found = sorted(_principal(vectors), key=lambda one: -one[0])
    chosen: list[Floats] = []
    coarse = 0
    for _, patterns in found:
        if len(chosen) + len(patterns) >= FINE:
            break
        chosen += patterns
        coarse = len(chosen) if len(chosen) < COARSE else coarse
    source, sign = _turns(np.stack(chosen))
    return Axes(np.stack(chosen), coarse, source, sign)


def _shrunk(thumbs: Thumbs) -> tuple[Floats, Floats]:
    """Return thumbnails as vectors seen at half size, shape ``[N, 256]``, and their squared lengths at full size.

    These are 1, and 0 for an even shade.
    """
    pixels = thumbs.reshape(len(thumbs), -1).astype(np.float32)
    total, squares = pixels.sum(axis=1, dtype=np.float64), np.einsum("ij,ij->i", pixels, pixels, dtype=np.float64)
    spread = squares - total * total / pixels.shape[1]
    halved = pixels.reshape(-1, _SIDE, 2, _SIDE, 2).sum(axis=(2, 4), dtype=np.float64).reshape(len(thumbs), -1) / 2
    halved -= halved.mean(axis=1, keepdims=True)
    length = np.sqrt(np.maximum(spread, 0))[:, None]
    return np.divide(halved, length, out=np.zeros_like(halved), where=length > 0), (length[:, 0] > 0).astype(np.float64)


def _principal(vectors: Floats) -> Iterator[tuple[float, list[Floats]]]:
    """Yield principal axes within each family of patterns, with how much the pictures vary along each."""
    *alone, mixed = _families()
    for number, patterns in enumerate(alone):
        coordinates = np.tensordot(vectors, patterns, axes=((1, 2), (1, 2)))
        if number == 0:  # what every picture has, such as a bright middle, tells none from another
            coordinates -= coordinates.mean(axis=0)
        for value, axis in _eigen(coordinates):
            yield value, [np.tensordot(axis, patterns, axes=1)]
    both = np.concatenate([vectors, vectors.transpose(0, 2, 1)])
    for value, axis in _eigen(np.tensordot(both, mixed, axes=((1, 2), (1, 2)))):
        pattern = np.tensordot(axis, mixed, axes=1)
        yield value / 2, [pattern, pattern.T]


def _eigen(coordinates: Floats) -> Iterator[tuple[float, Floats]]:
    values, axes = np.linalg.eigh(coordinates.T @ coordinates)
    return zip(values.tolist(), axes.T, strict=True)


def _families() -> list[Floats]:
    """Return products of cosines, shape ``[F, 16, 16]``, sorted by what becomes of them in a turned picture.

    In the first families each stays what it is or is negated, all of a family alike: whole or half waves along both
    axes, each with its transpose added or taken away. Those of the last are exchanged for their transposes.
    """
    places = np.arange(_SIDE)
    waves = np.cos(np.pi * np.outer(places, 2 * places + 1) / (2 * _SIDE)) * np.sqrt(2 / _SIDE)
    waves[0] /= np.sqrt(2)
    families = []
    for parity in (0, 1):
        chosen = list(combinations_with_replacement(range(parity, _SIDE, 2), 2))
        products = np.stack([np.outer(waves[u], waves[v]) for u, v in chosen])
        different = np.array([u != v for u, v in chosen])
        added = (products + products.transpose(0, 2, 1)) / np.where(different, np.sqrt(2), 2)[:, None, None]
        families += [added, ((products - products.transpose(0, 2, 1)) / np.sqrt(2))[different]]
    mixed = [np.outer(waves[u], waves[v]) for u in range(1, _SIDE, 2) for v in range(0, _SIDE, 2)]
    return [*families, np.stack(mixed)]


def _turns(patterns: Floats) -> tuple[Indices, npt.NDArray[np.float32]]:
    flat = patterns.reshape(len(patterns), -1)
    source, sign = [], []
    for orientation in range(len(ORIENTATIONS)):
        turned = orient(patterns, orientation).reshape(len(patterns), -1)
        products = flat @ turned.T
        source.append(np.abs(products).argmax(axis=1))
        sign.append(np.sign(products[np.arange(len(patterns)), source[-1]]))
    return np.array(source, dtype=np.int64), np.array(sign, dtype=np.float32)
