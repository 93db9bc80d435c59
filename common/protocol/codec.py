"""A model as one block of bytes, for the way between machines.

Flower moves each tensor as an object of its own, with a signed request for it: 122 tensors of ResNet18 are some 250
requests, each way, for each hospital. As one block they are ten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from common.model.weights import Arrays

_KINDS = {"float16", "float32", "float64", "int8", "uint8", "int32", "int64", "bool"}
_MOST_TENSORS = 100_000


def pack(arrays: Mapping[str, npt.NDArray[np.generic]]) -> tuple[npt.NDArray[np.uint8], str]:
    """Join tensors.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        For example a state_dict.

    Returns
    -------
    tuple of (ndarray, str)
        ``uint8 [bytes]`` in the mapping's order, and name, type and shape of each tensor as JSON.
    """
    parts = [np.ascontiguousarray(array).reshape(-1).view(np.uint8) for array in arrays.values()]
    manifest = [[name, str(array.dtype), list(array.shape)] for name, array in arrays.items()]
    return np.concatenate(parts) if parts else np.empty(0, np.uint8), json.dumps(manifest)


def unpack(block: npt.NDArray[np.uint8], manifest: str) -> Arrays:
    """Take tensors apart again; the sender is not trusted.

    Raises
    ------
    ValueError
        If block and manifest do not belong together.
    """
    entries = json.loads(manifest)
    if not isinstance(entries, list) or len(entries) > _MOST_TENSORS or block.dtype != np.uint8 or block.ndim != 1:
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
