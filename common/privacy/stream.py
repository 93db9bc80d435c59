"""Random numbers that nobody can tell without the key: ChaCha20's keystream, as uniform and as normal numbers.

NumPy's and PyTorch's generators are no secret: who sees enough of what they drew knows what they draw next, and takes
the noise off again.
"""

import hashlib
import hmac

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

KEY_BYTES = 32
_PIECE = 1 << 20  # numbers that are made at a time
_DIGITS = 53  # of a float64

Numbers = npt.NDArray[np.float64]


class SecretStream:
    """Numbers that follow from a key of 32 bytes, and streams of their own for each purpose."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        nonce = bytes(16)  # a key has one stream, so it may be the same for all
        self._cipher = Cipher(algorithms.ChaCha20(_derived(key, "numbers"), nonce), mode=None).encryptor()

    def derive(self, *purpose: int | str) -> "SecretStream":
        """Return a stream that tells nothing of this one, nor of that of any other purpose."""
        return SecretStream(_derived(self._key, "stream", *purpose))

    def seed(self) -> int:
        """Return 63 bits, for a generator whose numbers need be no secret."""
        return int.from_bytes(self._cipher.update(bytes(8)), "little") >> 1

    def uniform(self, count: int) -> Numbers:
        """Return numbers from 0 to below 1, each multiple of 2**-53 as likely as any other."""
        words = np.frombuffer(self._cipher.update(bytes(8 * count)), dtype="<u8")
        return np.ldexp((words >> np.uint64(64 - _DIGITS)).astype(np.float64), -_DIGITS)

    def normal(self, count: int) -> Numbers:
        """Return numbers of mean 0 and deviation 1, by Box and Muller (1958)."""
        found = np.empty(count)
        for start in range(0, count, _PIECE):
            part = found[start : start + _PIECE]
            half = -(-len(part) // 2)
            radius = np.sqrt(-2.0 * np.log1p(-self.uniform(half)))
            angle = 2.0 * np.pi * self.uniform(half)
            part[:half] = radius * np.cos(angle)
            part[half:] = (radius * np.sin(angle))[: len(part) - half]
        return found


def _derived(key: bytes, *purpose: int | str) -> bytes:
    """Return another key, as HKDF expands one (RFC 5869) to a single block of SHA-256."""
    return hmac.digest(key, repr(purpose).encode() + b"\x01", hashlib.sha256)
