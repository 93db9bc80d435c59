"""Tensors as one stream of bytes, the same wherever they are: what is hashed, signed, and kept of an update."""

import hashlib
import json
from collections.abc import Iterator, Mapping

import numpy as np

from common.model.weights import AnyArray, Arrays

_MOST_HEADER_BYTES = 10_000


def stream(arrays: Mapping[str, AnyArray]) -> Iterator[bytes | memoryview]:
    """Yield name, type and shape of each tensor as a line of JSON, and its bytes; by name, and without a copy."""
    for name in sorted(arrays):
        array = arrays[name]
        yield json.dumps([name, str(array.dtype), list(array.shape)]).encode() + b"\n"
        yield np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def digest_of(arrays: Mapping[str, AnyArray]) -> str:
    """Return the SHA-256 of the stream, hexadecimal."""
    found = hashlib.sha256()
    for part in stream(arrays):
        found.update(part)
    return found.hexdigest()


def from_stream(content: bytes) -> Arrays:
    """Read a stream again.

    Raises
    ------
    ValueError
        If it is none.
    """
    arrays: Arrays = {}
    start = 0
    while start < len(content):
        end = content.find(b"\n", start, start + _MOST_HEADER_BYTES)
        if end < 0:
            raise ValueError("no header")
        name, kind, shape = json.loads(content[start:end])
        count = int(np.prod(shape, dtype=object)) if shape else 1
        arrays[str(name)] = np.frombuffer(content, np.dtype(kind), count, end + 1).reshape(shape)
        start = end + 1 + count * np.dtype(kind).itemsize
    return arrays
