"""A model as one block of bytes.

Flower moves each array as an object of its own, with a signed request for it: 122 tensors of ResNet18 are some 250
requests, each way, for each hospital. As one block they are ten.
"""

import json
from collections.abc import Mapping

import numpy as np

from common.model.weights import AnyArray, Arrays
from common.protocol.names import BLOCK, MANIFEST

_KINDS = {"float16", "float32", "float64", "int8", "uint8", "int32", "int64", "bool"}
_MOST_TENSORS = 100_000


def pack(arrays: Mapping[str, AnyArray]) -> Arrays:
    """Join tensors.

    Returns
    -------
    dict of str to ndarray
        ``block``, uint8 ``[bytes]`` in the mapping's order, and ``manifest``, the bytes of a JSON list of each tensor's
        name, type and shape; nothing of no tensors.
    """
    if not arrays:
        return {}
    parts = [np.ascontiguousarray(array).reshape(-1).view(np.uint8) for array in arrays.values()]
    manifest = json.dumps([[name, str(array.dtype), list(array.shape)] for name, array in arrays.items()])
    return {BLOCK: np.concatenate(parts), MANIFEST: np.frombuffer(manifest.encode(), np.uint8)}


def unpack(packed: Mapping[str, AnyArray]) -> Arrays:
    """Take tensors apart again; the sender is not trusted.

    Raises
    ------
    ValueError
        If block and manifest do not belong together.
    """
    if not packed:
        return {}
    if set(packed) != {BLOCK, MANIFEST} or any(part.dtype != np.uint8 or part.ndim != 1 for part in packed.values()):
        raise ValueError("no packed model")
    block, entries = packed[BLOCK], json.loads(packed[MANIFEST].tobytes())
    if not isinstance(entries, list) or len(entries) > _MOST_TENSORS:
        raise ValueError("no packed model")
    arrays: Arrays = {}
    start = 0
    for name, kind, shape in entries:
        if kind not in _KINDS or any(not isinstance(side, int) or side < 0 for side in shape):
            raise ValueError(f"{name} has no tensor's type or shape")
        size = np.dtype(kind).itemsize * int(np.prod(shape, dtype=object) if shape else 1)
        if start + size > len(block):
            raise ValueError("the block is too short")
        arrays[str(name)] = block[start : start + size].copy().view(kind).reshape(shape)
        start += size
    if start != len(block):
        raise ValueError("the block is too long")
    return arrays


def payload_bytes(arrays: Mapping[str, AnyArray]) -> int:
    """Return the size of tensors in bytes, packed or not; the list of their names is not counted."""
    return sum(array.nbytes for name, array in arrays.items() if name != MANIFEST)
