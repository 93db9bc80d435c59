"""A model as one block of bytes.

Flower moves each array as an object of its own, with a signed request for it: 122 tensors of ResNet18 are some 250
requests, each way, for each hospital. As one block they are ten.
"""

import json
import math
from collections.abc import Mapping
from io import BytesIO
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.lib import format as npy

from common.model.weights import AnyArray, Arrays
from common.protocol.names import BLOCK, MANIFEST

_LONGEST_HEADING = 1_000  # of a file of NumPy's

_Kind = Literal["float16", "float32", "float64", "int8", "uint8", "int32", "int64", "bool"]
_Side = Annotated[int, Meta(ge=0, le=2**40)]
_Entry = tuple[Annotated[str, Meta(max_length=500)], _Kind, Annotated[list[_Side], Meta(max_length=16)]]
_Entries = Annotated[list[_Entry], Meta(max_length=100_000)]


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


def unpack(packed: Mapping[str, AnyArray], copied: bool = True) -> Arrays:
    """Take tensors apart again; the sender is not trusted.

    Parameters
    ----------
    copied : bool
        Whether the tensors own their memory; else they are read out of the block, which may not lie as they need it.

    Raises
    ------
    ValueError
        If block and manifest do not belong together.
    """
    if not packed:
        return {}
    if set(packed) != {BLOCK, MANIFEST} or not all(_is_block(part) for part in packed.values()):
        raise ValueError("no packed model")
    block, arrays, start = packed[BLOCK], Arrays(), 0
    for name, kind, shape in _entries(packed[MANIFEST]):
        size = np.dtype(kind).itemsize * math.prod(shape)
        if name in arrays or start + size > len(block):
            raise ValueError("a tensor comes twice, or the block is too short")
        part = block[start : start + size]
        arrays[name] = _tensor(part.copy() if copied else part, kind, shape)
        start += size
    if start != len(block):
        raise ValueError("the block is too long")
    return arrays


def _is_block(part: object) -> bool:
    return isinstance(part, np.ndarray) and part.dtype == np.uint8 and part.ndim == 1


def _entries(manifest: AnyArray) -> list[_Entry]:
    """Read name, type and shape of each tensor; raises ValueError for anything else, however deeply nested."""
    try:
        return msgspec.json.decode(manifest.tobytes(), type=_Entries)
    except RecursionError:
        raise ValueError("no packed model") from None


def _tensor(part: AnyArray, kind: str, shape: list[int]) -> AnyArray:
    try:
        return part.view(kind).reshape(shape)
    except OverflowError:  # no byte, but sides that no array can have
        raise ValueError("no tensor has such a shape") from None


def as_npy(array: AnyArray) -> bytes:
    """Return an array as NumPy's own file of it, version 1.0, with one copy."""
    whole, heading = np.ascontiguousarray(array).reshape(array.shape), BytesIO()
    npy.write_array_header_1_0(heading, npy.header_data_from_array_1_0(whole))
    return b"".join([heading.getvalue(), whole.reshape(-1).view(np.uint8).data])


def from_npy(data: bytes) -> AnyArray:
    """Read such a file in place; the sender is not trusted.

    Raises
    ------
    ValueError, TypeError, LookupError
        If it is none. Its heading must announce as many bytes as follow it, which NumPy does not ask.
    """
    heading = BytesIO(data[: 2 * _LONGEST_HEADING])
    if npy.read_magic(heading) != (1, 0):
        raise ValueError("another version of the format")
    shape, fortran_order, dtype = npy.read_array_header_1_0(heading, max_header_size=_LONGEST_HEADING)
    start = heading.tell()
    if dtype.kind not in "biuf" or min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data) - start:
        raise ValueError("its heading does not fit its bytes")
    return np.frombuffer(data, dtype, offset=start).reshape(shape, order="F" if fortran_order else "C")


def payload_bytes(arrays: Mapping[str, AnyArray]) -> int:
    """Return the size of tensors in bytes, packed or not; the list of their names is not counted."""
    return sum(array.nbytes for name, array in arrays.items() if name != MANIFEST)
