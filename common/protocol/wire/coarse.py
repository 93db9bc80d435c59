"""The difference to a model in fewer digits: bfloat16, or whole numbers from -79 to 79 or -7 to 7 with a scale a block.

What a coding loses is not lost: the caller adds it to the next round's difference (error feedback: Seide et al., 1-bit
stochastic gradient descent, 2014; Karimireddy et al., Error feedback fixes SignSGD, ICML 2019). Only weights are coded
so; statistics of batch normalisation and counters, a thousandth of a model, keep every bit (`exact`).

A block's largest number is the highest level, so that no number is longer than before. That int8 does not use its whole
range costs nothing: Zstandard spends bits on what differs, and 79 levels are what the goal for its bytes allows.

Every sum and product is one of float32 on its own, so that any machine gets the same bits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.model.weights import AnyArray, Arrays, is_weight
from common.protocol.wire.compression import compressed, decompressed
from common.protocol.wire.exact import block_of

CODES = "codes"  # what travels: levels or bfloat16, compressed
SCALES = "scales"  # float32 of each block, compressed
BFLOAT16 = "bfloat16"
LEVELS = {"int8": 79, "int4": 7}  # the highest one
_BLOCK = 512  # weights that share a scale; a block ends with its tensor

Flat = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Coded:
    """A difference as it travels, and as it is read."""

    sent: Arrays
    value: Flat


def coarse_names(reference: Mapping[str, AnyArray]) -> list[str]:
    """Return the tensors that are coded so; sorted, as both sides can."""
    return sorted(name for name, array in reference.items() if _is_coarse(name, array))


def _is_coarse(name: str, array: AnyArray) -> bool:
    return is_weight(name) and array.dtype == np.float32 and array.size > 0


def lost_share(coding: str) -> float:
    """Return the most that a coding loses of the longest number of a block, with what it lost of the rounds before."""
    steps = {BFLOAT16: 128, **LEVELS}.get(coding)  # half of one is lost
    return 1 / (2 * steps - 1) if steps else 0.0


def encoded(coding: str, wanted: Flat, sizes: Sequence[int]) -> Coded:
    """Code a difference.

    Parameters
    ----------
    coding : str
        ``"bfloat16"``, ``"int8"`` or ``"int4"``.
    wanted : ndarray of float32, shape [weights]
        The difference, tensor after tensor; what is not finite is read as something that is not.
    sizes : sequence of int
        Weights of each tensor.
    """
    if coding == BFLOAT16:
        halves = _halves(wanted)
        planes = np.ascontiguousarray(halves.view(np.uint8).reshape(-1, 2).T[::-1])
        return Coded({CODES: _packed(planes)}, _from_halves(halves))
    top, starts, lengths = LEVELS[coding], *_blocks(sizes)
    scales = np.divide(np.maximum.reduceat(np.abs(wanted), starts), np.float32(top))
    each = np.repeat(scales, lengths)
    with np.errstate(invalid="ignore", divide="ignore"):
        levels = np.rint(np.nan_to_num(wanted / each, posinf=0, neginf=0))
    whole = np.clip(levels, -top, top).astype(np.int8)
    codes = _nibbles(whole) if coding == "int4" else whole.view(np.uint8)
    return Coded({CODES: _packed(codes), SCALES: _packed(scales.view(np.uint8))}, _product(whole, each))


def decoded(coding: str, sent: Mapping[str, AnyArray], sizes: Sequence[int]) -> Flat:
    """Return a difference as it is to be read.

    Raises
    ------
    ValueError
        If it cannot be read, or is one of other sizes; what it holds may not be finite.
    """
    count = sum(sizes)
    if coding == BFLOAT16:
        planes = np.frombuffer(decompressed(block_of(sent, CODES), 2 * count), np.uint8).reshape(2, -1)
        return _from_halves(np.ascontiguousarray(planes[::-1].T).reshape(-1).view("<u2"))
    top, (starts, lengths) = LEVELS[coding], _blocks(sizes)
    scales = np.frombuffer(decompressed(block_of(sent, SCALES), 4 * len(starts)), "<f4")
    if coding == "int4":
        codes = np.frombuffer(decompressed(block_of(sent, CODES), (count + 1) // 2), np.uint8)
        whole = _from_nibbles(codes, count)
    else:
        whole = np.frombuffer(decompressed(block_of(sent, CODES), count), np.int8)
    if np.abs(whole.astype(np.int16)).max(initial=0) > top or np.less(scales, 0).any():
        raise ValueError("a level or a scale that cannot be")
    return _product(whole, np.repeat(scales, lengths))


def _blocks(sizes: Sequence[int]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where each block starts, and how long it is."""
    ends = np.cumsum(sizes)
    starts = np.concatenate([np.arange(end - size, end, _BLOCK) for end, size in zip(ends, sizes, strict=True)])
    return starts, np.diff(np.append(starts, ends[-1]))


def _product(whole: npt.NDArray[np.int8], scales: Flat) -> Flat:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.multiply(whole.astype(np.float32), scales)


def _nibbles(whole: npt.NDArray[np.int8]) -> npt.NDArray[np.uint8]:
    """Put two levels into each byte."""
    codes = (np.append(whole, np.int8(0)) if len(whole) % 2 else whole).view(np.uint8) & np.uint8(15)
    found: npt.NDArray[np.uint8] = np.bitwise_or(codes[::2] << np.uint8(4), codes[1::2])
    return found


def _from_nibbles(codes: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.int8]:
    pairs = np.stack([codes >> 4, codes & 15], axis=1).reshape(-1)[:count].view(np.int8)
    found: npt.NDArray[np.int8] = np.where(pairs > 7, pairs - 16, pairs).astype(np.int8)
    return found


def _halves(wanted: Flat) -> npt.NDArray[np.uint16]:
    """Round to bfloat16, to the nearest and of two to the even one."""
    bits = wanted.view("<u4")
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isfinite(wanted), rounded, 0x7FC0).astype("<u2")  # NaN


def _from_halves(halves: npt.NDArray[np.uint16]) -> Flat:
    found: Flat = (halves.astype("<u4") << 16).view("<f4")
    return found


def _packed(codes: AnyArray) -> npt.NDArray[np.uint8]:
    return np.frombuffer(compressed(np.ascontiguousarray(codes).tobytes()), np.uint8)
