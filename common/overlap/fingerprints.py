"""What a hospital says of its slices so that copies at other hospitals can be found: keyed tokens, nothing to look at.

`clients.fingerprinting` makes them from the slices and a key that only the hospitals hold; `common.overlap.matching`
compares them. Two slices that share tokens share bits of their rough shape; without the key nobody can say which.

The rough shape of a slice as 192 bits that survive compression, another size and another brightness.

A bit is the sign of a coefficient of the two-dimensional cosine transform of the 32 x 32 thumbnail, as in perceptual
hashes (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, there against the median).
Of the 16 x 16 lowest frequencies those that are even along both axes are left out: they say that a head is bright in
the middle and dark around, in almost every slice alike. The others are zero for what is symmetric, so their signs stand
for what differs from head to head, and are positive for about every second slice.

All numbers are whole and below 2^53, so double precision holds them exactly: the same picture gives the same bits on
any machine, and a mirrored one exactly turned signs.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from common.data.duplicates import ORIENTATIONS, Thumbs, orient
from common.errors import InputError

METHOD = "brain-slices-1"
"""Enters every token: raise the number when the bits, the bands or the thumbnails change."""

POSES = 8
"""Token sets of a slice, one for each of its orientations, in an order that says nothing."""

BANDS = 48
"""Tokens of a set, each of another band of bits, in an order that says nothing."""

SAME_SLICE_BANDS = 4
"""Equal tokens of two sets from which on two slices count as one; `docs/cross_duplicates.md` has the measurements."""

_KIND = "fingerprints of slices"


@dataclass(frozen=True)
class Fingerprints:
    """One hospital's tokens.

    Attributes
    ----------
    hospital, name : str
        The hospital's key, and its name on screens.
    file_count : int
        Files that `indices` count through.
    files_sha256 : str
        Hash of the list of their relative paths.
    key_mark : str
        The same for the same secret key and method; does not give the key away.
    indices : ndarray of int64, shape [N]
        Local indices of the slices that have tokens, rising; damaged and shapeless ones have none.
    tokens : ndarray of uint64, shape [N, 8, 48]
        For each slice a set of tokens in each of eight orientations.
    """

    hospital: str
    name: str
    file_count: int
    files_sha256: str
    key_mark: str
    indices: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        """Return the number of slices that have tokens."""
        return len(self.indices)

    def to_json(self) -> str:
        """Return one line of JSON."""
        content = {
            "kind": _KIND,
            "method": METHOD,
            "hospital": self.hospital,
            "name": self.name,
            "file_count": self.file_count,
            "files_sha256": self.files_sha256,
            "key_mark": self.key_mark,
            "indices": self.indices.tolist(),
            "tokens": b64encode(self.tokens.astype("<u8").tobytes()).decode(),
        }
        return json.dumps(content)

    @staticmethod
    def from_json(text: str, source: str) -> Fingerprints:
        """Read what `to_json` wrote; the sender is not trusted.

        Parameters
        ----------
        text : str
            One JSON object.
        source : str
            Where it comes from, for the sentence of the error.

        Raises
        ------
        InputError
            ``DUP001`` if it is something else or does not fit together, ``DUP002`` if another version made it.
        """
        try:
            content = json.loads(text)
            if content["kind"] != _KIND:
                raise ValueError("it is of another kind")
            if content["method"] == METHOD:
                return _read(content)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f"no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())[:100]
            raise InputError(
                "DUP001",
                f"{source} holds no fingerprints of slices ({reason}); the hospital makes them with: "
                "python -m clients.fingerprints",
            ) from None
        raise InputError(
            "DUP002", f"{source} was made by another version of the program; make all fingerprints with the same one."
        )


def _read(content: dict[str, Any]) -> Fingerprints:
    indices = np.array(content["indices"], dtype=np.int64).reshape(-1)
    raw = np.frombuffer(b64decode(content["tokens"], validate=True), dtype="<u8")
    count = content["file_count"]
    texts = [content[name] for name in ("hospital", "name", "files_sha256", "key_mark")]
    if not isinstance(count, int) or not all(isinstance(text, str) for text in texts):
        raise ValueError("its facts have the wrong type")
    if (np.diff(indices, prepend=-1) <= 0).any() or (indices >= count).any():
        raise ValueError("its indices do not rise within its files")
    if len(raw) != len(indices) * POSES * BANDS:
        raise ValueError("it has too few or too many tokens")
    tokens = raw.astype(np.uint64).reshape(-1, POSES, BANDS)
    return Fingerprints(texts[0], texts[1], count, texts[2], texts[3], indices, tokens)


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


def key_mark(key: bytes) -> str:
    """Return what tells two shared keys apart without giving either away: 16 hexadecimal digits."""
    return hmac.digest(key, f"{METHOD}:mark".encode(), "sha256")[:8].hex()
