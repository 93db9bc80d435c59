"""What a hospital says of its slices so that copies at other hospitals can be found: keyed tokens, nothing to look at.

A hospital makes them from its thumbnails and a key that only the hospitals hold; `common.overlap.matching` compares
them. Two slices that share tokens share bits of their rough shape; without the key nobody can say which.

The rough shape of a slice is 192 bits that survive compression, another size and another brightness. A bit is the sign
of a coefficient of the two-dimensional cosine transform of the 32 x 32 thumbnail, as in perceptual hashes (Zauner,
"Implementation and benchmarking of perceptual image hash functions", 2010, there against the median). Of the 16 x 16
lowest frequencies those that are even along both axes are left out: they say that a head is bright in the middle and
dark around, in almost every slice alike. The others are zero for what is symmetric, so their signs stand for what
differs from head to head, and are positive for about every second slice. All numbers are whole and below 2^53, so
double precision holds them exactly: the same picture gives the same bits on any machine, and a mirrored one exactly
turned signs.

The bits are cut into 48 bands of 32, and each band is hashed with the key (HMAC-SHA256, its first 8 bytes). A copy that
lost a few bits to compression keeps most of its bands whole; an unrelated slice shares none (Indyk and Motwani, 1998;
the banding is that of Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4).
"""

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from common.config.hospital import Hospital
from common.data.cache import ImageLibrary
from common.data.kept import Arrays, kept_arrays
from common.data.scan import Scan
from common.data.thumbs import ORIENTATIONS, Floats, Indices, Mask, Thumbs, orient
from common.errors import InputError
from common.overlap.patients import PatientTokens
from common.protocol.answers import Count
from common.protocol.description import FileIndices, Name
from common.text import plain

METHOD = "brain-slices-1"
"""Enters every token: raise the number when the bits, the bands or the thumbnails change."""

BITS = 192
BANDS = 48
"""Tokens of a set, each of another band of bits, in an order that says nothing."""
BAND_BITS = 32
TOKEN_BYTES = 8
POSES = 8
"""Token sets of a slice, one for each of its orientations, in an order that says nothing."""

SAME_SLICE_BANDS = 4
"""Equal tokens of two sets from which on two slices count as one; `docs/cross_duplicates.md` has the measurements."""

Tokens = npt.NDArray[np.uint64]

_SIDE = 32
_LOWEST = 16
_FEWEST_SIGNS = 64  # a picture with one axis of symmetry still has as many
_BLOCK = 2048

# The cosines of DCT-II times 4096, rounded, shape [16, 32], and which products of two are odd along either axis.
_BASIS = np.rint(4096 * np.cos(np.pi * np.outer(np.arange(_LOWEST), 2 * np.arange(_SIDE) + 1) / (2 * _SIDE)))
_ODD = (np.add.outer(2 * (np.arange(_LOWEST) % 2), np.arange(_LOWEST) % 2)) > 0


class _Heading(Struct):
    """What tells fingerprints from other files, and from those of other versions."""

    kind: Literal["fingerprints of slices"]
    method: str


class _Content(_Heading):
    hospital: Annotated[str, Meta(pattern=r"^\w[\w.-]{0,99}\Z")]  # names a file of matches
    name: Name
    file_count: Count
    files_sha256: Name
    key_mark: Name
    indices: FileIndices
    tokens: str
    patients: str = ""
    patient_parts: str = ""


@dataclass(frozen=True)
class Fingerprints:
    """One hospital's tokens."""

    hospital: str
    """The hospital's key."""
    name: str
    """Its name on screens."""
    file_count: int
    """Files that `indices` count through."""
    files_sha256: str
    """Hash of the list of their relative paths."""
    key_mark: str
    """The same for the same secret key and method; does not give the key away."""
    indices: Indices
    """Local indices of the N slices that have tokens, rising; damaged and shapeless ones have none."""
    tokens: Tokens
    """For each slice a set of tokens in each of eight orientations, shape ``[N, 8, 48]``."""
    patients: PatientTokens = field(default_factory=PatientTokens)
    """Of the patients whose ids the hospital knows."""

    def __len__(self) -> int:
        """Return the number of slices that have tokens."""
        return len(self.indices)

    def to_json(self) -> str:
        """Return one line of JSON."""
        arrays = {"indices": self.indices.tolist(), "tokens": b64encode(self.tokens.astype("<u8").tobytes()).decode()}
        said = {**vars(self), **arrays, **self.patients.to_texts()}
        return json.dumps({"kind": "fingerprints of slices", "method": METHOD, **said})

    @staticmethod
    def from_json(text: str, source: str) -> "Fingerprints":
        """Read what `to_json` wrote; the sender is not trusted. `source` says in an error where it comes from.

        Raises
        ------
        InputError
            ``DUP001`` if it is something else or does not fit together, ``DUP002`` if another version made it.
        """
        try:
            if msgspec.json.decode(text, type=_Heading).method == METHOD:
                return _read(msgspec.json.decode(text, type=_Content))
        except (ValueError, RecursionError) as error:
            raise InputError(
                "DUP001",
                f"{source} holds no fingerprints of slices ({plain(str(error), 100)}); the hospital makes them with: "
                "python -m clients.fingerprints",
            ) from None
        raise InputError(
            "DUP002", f"{source} was made by another version of the program; make all fingerprints with the same one."
        )


def make_fingerprints(
    hospital: Hospital,
    scan: Scan,
    library: ImageLibrary,
    key: bytes,
    cache_dir: Path | None = None,
    patients: PatientTokens | None = None,
) -> Fingerprints:
    """Make the fingerprints of a hospital's files with the hospitals' shared key; no file name is in them.

    Tokens cost over a millisecond a slice; in `cache_dir` they are kept for the next time with the same slices and key.
    """
    readable = np.array([index not in library.unreadable for index in range(len(library.thumbs))], dtype=bool)
    indices = np.flatnonzero(readable & has_shape(library.thumbs)).astype(np.int64)
    thumbs = np.asarray(library.thumbs)[indices]
    return Fingerprints(
        hospital=hospital.key,
        name=hospital.name,
        file_count=len(scan.files),
        files_sha256=scan.paths_digest,
        key_mark=key_mark(key),
        indices=indices,
        tokens=_tokens(thumbs, key) if cache_dir is None else _kept_tokens(thumbs, key, scan.folder, cache_dir),
        patients=patients or PatientTokens(),
    )


def _tokens(thumbs: Thumbs, key: bytes) -> Tokens:
    return tokens_of(sign_bits(thumbs), key)


def _kept_tokens(thumbs: Thumbs, key: bytes, folder: Path, cache_dir: Path) -> Tokens:
    """Return tokens from the cache if they are of these thumbnails and this key, which the file's name cannot tell."""
    digest = hmac.new(key, f"{METHOD}:kept {thumbs.shape}:".encode(), "sha256")
    digest.update(thumbs.data)
    name, shape = str(folder.resolve()), (len(thumbs), POSES, BANDS)

    def fits(arrays: Arrays) -> bool:
        return arrays["tokens"].shape == shape and arrays["tokens"].dtype == np.uint64

    found = kept_arrays(cache_dir, "tokens", name, digest.hexdigest(), lambda: {"tokens": _tokens(thumbs, key)}, fits)
    return found["tokens"]


def key_mark(key: bytes) -> str:
    """Return what tells two keys apart without giving either away: 16 hexadecimal digits."""
    return hmac.digest(key, f"{METHOD}:mark".encode(), "sha256")[:8].hex()


def coefficients(thumbs: Thumbs) -> Floats:
    """Transform thumbnails: whole numbers, shape ``[N, 192]``, odd along at least one axis, row by row.

    A constant added to a picture changes none of them.
    """
    return (_BASIS @ thumbs.astype(np.float64) @ _BASIS.T)[:, _ODD]


def sign_bits(thumbs: Thumbs) -> Mask:
    """Return the bits of each of the eight orientations, in the order of `ORIENTATIONS`, shape ``[N, 8, 192]``."""
    bits = np.empty((len(thumbs), len(ORIENTATIONS), BITS), dtype=bool)
    for start in range(0, len(thumbs), _BLOCK):
        block = thumbs[start : start + _BLOCK]
        for orientation in range(len(ORIENTATIONS)):
            bits[start : start + _BLOCK, orientation] = coefficients(orient(block, orientation)) > 0
    return bits


def has_shape(thumbs: Thumbs) -> Mask:
    """Tell which pictures have enough signs to be told from others; one even shade has none."""
    blocks = [thumbs[start : start + _BLOCK] for start in range(0, len(thumbs), _BLOCK)]
    counts = [np.count_nonzero(coefficients(block), axis=1) for block in blocks]
    return np.concatenate([np.empty(0, np.int64), *counts]) >= _FEWEST_SIGNS


def bands() -> Indices:
    """Return which bits each band takes, shape ``[48, 32]``.

    Eight shuffled orders of the 192 bits, each cut into six bands, so that every bit is in eight bands. The orders come
    from SHA-256, the same with any version of any library. They are no secret: what the bits are is, by the key.
    """
    orders = [
        sorted(range(BITS), key=lambda bit: sha256(f"{METHOD}:{number}:{bit}".encode()).digest())
        for number in range(BANDS * BAND_BITS // BITS)
    ]
    return np.array(orders, dtype=np.int64).reshape(BANDS, BAND_BITS)


def tokens_of(bits: Mask, key: bytes) -> Tokens:
    """Hash the bands of slices' `sign_bits` with the hospitals' shared key, shape ``[N, 8, 48]``.

    The tokens of a set come in rising order, the sets by their first token: neither band nor orientation can be told.
    """
    packed = np.packbits(bits[:, :, bands()], axis=-1)
    width = packed.shape[-1]
    # The hash goes on from where key and prefix left it: less than half the time of starting with the key each time.
    begun = [hmac.new(key, f"{METHOD}:{band:02d}:".encode(), "sha256") for band in range(BANDS)]
    content = packed.tobytes()
    hashed = bytearray()
    for number, start in enumerate(range(0, len(content), width)):
        one = begun[number % BANDS].copy()
        one.update(content[start : start + width])
        hashed += one.digest()[:TOKEN_BYTES]
    tokens = np.frombuffer(bytes(hashed), dtype=">u8").astype(np.uint64).reshape(-1, POSES, BANDS)
    tokens.sort(axis=2)
    order = np.argsort(tokens[:, :, 0], axis=1, kind="stable")
    return np.take_along_axis(tokens, order[:, :, None], axis=1)


def most_characters(file_count: int) -> int:
    """Return the length that no fingerprints of so many files have, as JSON."""
    return 2 * file_count * POSES * BANDS * TOKEN_BYTES + 10_000


def _read(content: _Content) -> Fingerprints:
    indices = np.array(content.indices, dtype=np.int64)
    raw = np.frombuffer(b64decode(content.tokens, validate=True), dtype="<u8")
    if (np.diff(indices, prepend=-1) <= 0).any() or (indices >= content.file_count).any():
        raise ValueError("its indices do not rise within its files")
    if len(raw) != len(indices) * POSES * BANDS:
        raise ValueError("it has too few or too many tokens")
    tokens = raw.astype(np.uint64).reshape(-1, POSES, BANDS)
    patients = PatientTokens.from_texts(content.patients, content.patient_parts, content.file_count)
    names = content.hospital, content.name
    return Fingerprints(*names, content.file_count, content.files_sha256, content.key_mark, indices, tokens, patients)
