"""From a hospital's thumbnails and the shared key to tokens: locality-sensitive hashing under an HMAC.

The bits of `common.overlap.fingerprints` are cut into 48 bands of 32 bits, and each band is hashed with the key
(HMAC-SHA256, its first 8 bytes). A copy that lost a few bits to compression keeps most of its bands whole; an unrelated
slice shares none (Indyk and Motwani, 1998; the banding is that of Leskovec, Rajaraman, Ullman, "Mining of Massive
Datasets", 3.4).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Container

import numpy as np
import numpy.typing as npt

from common.config.hospital import Hospital
from common.data.duplicates import Thumbs
from common.data.scan import Scan
from common.overlap.fingerprints import BANDS, BITS, METHOD, POSES, Fingerprints, has_shape, key_mark, sign_bits

BAND_BITS = 32
TOKEN_BYTES = 8


def bands() -> npt.NDArray[np.int64]:
    """Return which bits each band takes, shape ``[48, 32]``.

    Eight shuffled orders of the 192 bits, each cut into six bands, so that every bit is in eight bands. The orders come
    from SHA-256, the same with any version of any library. They are no secret: what the bits are is, by the key.
    """
    orders = [
        sorted(range(BITS), key=lambda bit: hashlib.sha256(f"{METHOD}:{number}:{bit}".encode()).digest())
        for number in range(BANDS * BAND_BITS // BITS)
    ]
    return np.array(orders, dtype=np.int64).reshape(BANDS, BAND_BITS)


def tokens_of(bits: npt.NDArray[np.bool_], key: bytes) -> npt.NDArray[np.uint64]:
    """Hash the bands of slices.

    Parameters
    ----------
    bits : ndarray of bool, shape [N, 8, 192]
        From `sign_bits`.
    key : bytes
        The hospitals' shared key.

    Returns
    -------
    ndarray of uint64, shape [N, 8, 48]
        The tokens of a set in rising order, the sets by their first token: neither band nor orientation can be told.
    """
    packed = np.packbits(bits[:, :, bands()], axis=-1)
    width = packed.shape[-1]
    prefixes = [f"{METHOD}:{band:02d}:".encode() for band in range(BANDS)]
    content = packed.tobytes()
    hashed = bytearray()
    for number, start in enumerate(range(0, len(content), width)):
        message = prefixes[number % BANDS] + content[start : start + width]
        hashed += hmac.digest(key, message, "sha256")[:TOKEN_BYTES]
    tokens = np.frombuffer(bytes(hashed), dtype=">u8").astype(np.uint64).reshape(-1, POSES, BANDS)
    tokens.sort(axis=2)
    order = np.argsort(tokens[:, :, 0], axis=1, kind="stable")
    return np.take_along_axis(tokens, order[:, :, None], axis=1)


def fingerprints(
    hospital: Hospital, scan: Scan, thumbs: Thumbs, unreadable: Container[int], key: bytes
) -> Fingerprints:
    """Make a hospital's fingerprints.

    Parameters
    ----------
    hospital : Hospital
        Whose.
    scan : Scan
        Its files.
    thumbs : ndarray of uint8, shape [N, 32, 32]
        Their grey thumbnails.
    unreadable : container of int
        Indices of files that could not be decoded.
    key : bytes
        The hospitals' shared key.

    Returns
    -------
    Fingerprints
        Without a file name in it.
    """
    readable = np.array([index not in unreadable for index in range(len(thumbs))], dtype=bool)
    indices = np.flatnonzero(readable & has_shape(thumbs)).astype(np.int64)
    return Fingerprints(
        hospital=hospital.key,
        name=hospital.name,
        file_count=len(scan.files),
        files_sha256=scan.paths_digest,
        key_mark=key_mark(key),
        indices=indices,
        tokens=tokens_of(sign_bits(np.asarray(thumbs)[indices]), key),
    )
