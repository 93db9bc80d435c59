"""Masks: numbers that nobody can tell from chance without their key, and that cancel in the sum.

Each two hospitals agree on a key; one adds its stream and the other subtracts it. On top each adds a stream of its own
seed, which is taken off only where the update is part of the sum.
"""

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from common.secagg.ring import Parts, Vector

_PIECE = 1 << 18  # numbers at a time: what a processor's cache holds


def put_on(vector: Vector, parts: Parts, key: bytes, adds: bool = True) -> None:
    """Add the stream of a key to a vector, or take it off.

    Parameters
    ----------
    key : bytes
        32, for this stream alone.
    """
    combine = np.add if adds else np.subtract
    for number, part in enumerate(parts):
        nonce = bytes(4) + number.to_bytes(12, "little")  # the counter of blocks, and which stream
        stream = Cipher(algorithms.ChaCha20(key, nonce), mode=None).encryptor()
        numbers, size = vector[part.name], part.dtype.itemsize
        nothing = bytes(min(_PIECE, part.count) * size)
        for start in range(0, part.count, _PIECE):
            piece = numbers[start : start + _PIECE]
            drawn = stream.update(nothing[: len(piece) * size])
            combine(piece, np.frombuffer(drawn, part.dtype.newbyteorder("<")), out=piece)


def first_adds(one: str, other: str) -> bool:
    """Tell whether the first of two hospitals is the one that adds the stream of their key."""
    return one < other
