"""Vectors of whole numbers that wrap around, which is what is masked and summed.

A vector has two parts: weights in a ring of 16, 24 or 32 bits, and batch normalisation's statistics in one of 64, which
are a thousandth of a model and need the room. NumPy's unsigned numbers wrap by themselves; 24 bits are summed in 32 and
lose the highest eight when they travel, which is the same sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from common.model.weights import AnyArray

WEIGHTS, STATISTICS = "weights", "statistics"
STATISTICS_BITS = 64

Numbers = npt.NDArray[np.unsignedinteger]
Vector = dict[str, Numbers]


@dataclass(frozen=True)
class Part:
    """One part of a vector."""

    name: str
    bits: int
    count: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """What its numbers are summed in."""
        return np.dtype({16: "u2", 24: "u4", 32: "u4", 64: "u8"}[self.bits])

    def zeros(self) -> Numbers:
        """Return the sum of nothing."""
        return np.zeros(self.count, self.dtype)

    def packed(self, numbers: Numbers) -> AnyArray:
        """Return the bytes that travel."""
        whole = np.ascontiguousarray(numbers, self.dtype.newbyteorder("<")).view(np.uint8)
        if self.bits != 24:
            return whole
        return np.ascontiguousarray(whole.reshape(-1, 4)[:, :3]).reshape(-1)

    def unpacked(self, block: AnyArray) -> Numbers:
        """Read what travelled; raises ValueError for another number of bytes."""
        if block.dtype != np.uint8 or block.ndim != 1 or block.nbytes != self.count * self.bits // 8:
            raise ValueError("not so many numbers")
        if self.bits == 24:
            wide = np.zeros((self.count, 4), np.uint8)
            wide[:, :3] = block.reshape(-1, 3)
            block = wide.reshape(-1)
        return np.frombuffer(np.ascontiguousarray(block), self.dtype.newbyteorder("<")).astype(self.dtype)

    def signed(self, numbers: Numbers) -> npt.NDArray[np.float64]:
        """Return a sum as the numbers around zero that it stands for."""
        if self.bits == 24:
            numbers = np.left_shift(numbers, 8)
        kind = np.dtype(f"i{self.dtype.itemsize}")
        values = numbers.view(kind).astype(np.float64)
        return values / 256 if self.bits == 24 else values


Parts = tuple[Part, ...]


def packed(parts: Parts, vector: Mapping[str, Numbers]) -> dict[str, AnyArray]:
    """Return a vector as it travels."""
    return {part.name: part.packed(vector[part.name]) for part in parts}


def unpacked(parts: Parts, sent: Mapping[str, AnyArray]) -> Vector:
    """Read a vector; raises ValueError if it is not one of these parts."""
    if set(sent) != {part.name for part in parts} or not all(isinstance(each, np.ndarray) for each in sent.values()):
        raise ValueError("other parts")
    return {part.name: part.unpacked(sent[part.name]) for part in parts}


def zeros(parts: Parts) -> Vector:
    """Return the sum of nothing."""
    return {part.name: part.zeros() for part in parts}


def add(total: Vector, vector: Mapping[str, Numbers]) -> None:
    """Add a vector to a sum."""
    for name, numbers in vector.items():
        np.add(total[name], numbers, out=total[name])
