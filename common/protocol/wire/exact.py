"""The difference to a model without losing a bit: bit patterns subtracted as whole numbers, their bytes in planes.

Two models in a row differ in the lower digits of each weight. Subtracted as whole numbers, with the sign moved to the
lowest bit, such a difference begins with zeros; all first bytes in a row, then all second ones, are what Zstandard
packs well. It is the same for every type of number, so that counters and statistics go the same way.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from common.model.weights import AnyArray, Arrays
from common.protocol.wire.compression import compressed, decompressed

EXACT = "exact"  # the name of what travels
_UNSIGNED = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}
_SIGNED = {1: "<i1", 2: "<i2", 4: "<i4", 8: "<i8"}

Whole = npt.NDArray[np.unsignedinteger]


def difference(reference: Mapping[str, AnyArray], model: Mapping[str, AnyArray]) -> Arrays:
    """Return what makes a model of the reference; both have the same tensors.

    Returns
    -------
    dict of str to ndarray
        ``exact``, uint8 ``[bytes]``; nothing of no tensors.
    """
    planes = [_planes(np.subtract(_bits(model, names), _bits(reference, names))) for names in _by_size(reference)]
    return {EXACT: np.frombuffer(compressed(b"".join(planes)), np.uint8)} if planes else {}


def restored(sent: Mapping[str, AnyArray], reference: Mapping[str, AnyArray]) -> Arrays:
    """Return the model, in the reference's order; raises ValueError for what makes none."""
    if not reference:
        return {}
    content = decompressed(block_of(sent, EXACT), sum(array.nbytes for array in reference.values()))
    found, start = Arrays(), 0
    for names in _by_size(reference):
        before = _bits(reference, names)
        part = np.frombuffer(content, np.uint8, before.nbytes, start)
        found |= _tensors(np.add(before, _whole(part, before.itemsize)), names, reference)
        start += before.nbytes
    return {name: found[name] for name in reference}


def block_of(sent: Mapping[str, AnyArray], name: str) -> bytes:
    """Return the bytes of a part of what travels; raises ValueError if there is none."""
    part = sent.get(name)
    if not isinstance(part, np.ndarray) or part.dtype != np.uint8 or part.ndim != 1:
        raise ValueError(f"no {name}")
    return part.tobytes()


def _by_size(arrays: Mapping[str, AnyArray]) -> Iterator[Sequence[str]]:
    """Yield the names of tensors whose numbers have one, two, four, eight bytes; sorted, as both sides can."""
    for size in _UNSIGNED:
        if names := sorted(name for name, array in arrays.items() if array.itemsize == size):
            yield names


def _bits(arrays: Mapping[str, AnyArray], names: Sequence[str]) -> Whole:
    """Return the bit patterns of tensors, one after the other."""
    parts = [np.ascontiguousarray(arrays[name]).reshape(-1) for name in names]
    kind = _UNSIGNED[parts[0].itemsize]
    found: Whole = np.concatenate([part.view(kind) for part in parts])
    return found


def _planes(steps: Whole) -> bytes:
    """Return the bytes of whole numbers, the highest of each first."""
    size = steps.itemsize
    signed = steps.view(_SIGNED[size])
    folded = np.bitwise_xor(signed << 1, signed >> (8 * size - 1)).astype(_SIGNED[size], copy=False)
    return np.ascontiguousarray(folded.view(np.uint8).reshape(-1, size).T[::-1]).tobytes()


def _whole(planes: npt.NDArray[np.uint8], size: int) -> Whole:
    """Undo `_planes`."""
    folded = np.ascontiguousarray(planes.reshape(size, -1)[::-1].T).reshape(-1).view(_UNSIGNED[size])
    found: Whole = np.bitwise_xor(folded >> 1, np.negative(folded & 1)).view(_UNSIGNED[size])
    return found


def _tensors(bits: Whole, names: Sequence[str], reference: Mapping[str, AnyArray]) -> Arrays:
    found, start = Arrays(), 0
    for name in names:
        like = reference[name]
        found[name] = bits[start : start + like.size].view(like.dtype).reshape(like.shape)
        start += like.size
    return found
