"""Batches of slices, gathered from the memory-mapped library.

Several hospitals' slices as if they were one hospital's: the yardstick that a federation is measured against.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from common.training.preprocess import to_batch

Indices = npt.NDArray[np.int64]


class Pixels(Protocol):
    """What slices are taken from: an array ``uint8 [N, S, S, 3]``, or something that can be indexed like one."""

    def __getitem__(self, indices: Indices, /) -> npt.NDArray[np.uint8]:
        """Return the slices at `indices`, uint8 ``[B, S, S, 3]``."""


@dataclass(frozen=True)
class Slices:
    """Pixels and labels of one hospital.

    Attributes
    ----------
    pixels : Pixels
        ``uint8 [N, S, S, 3]``, usually a memory map.
    labels : ndarray of int64, shape [N]
        Class index of each slice.
    """

    pixels: Pixels
    labels: npt.NDArray[np.int64]


def batches(
    slices: Slices, order: Indices, batch_size: int, device: torch.device, count: int | None = None
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield uint8 images ``[B, 3, S, S]`` (channels last) and labels ``[B]`` on the device.

    The slices are dealt evenly, so that no batch is a leftover of one, which batch normalisation cannot digest; with a
    batch size of two, an odd slice makes one batch of three.

    Parameters
    ----------
    slices : Slices
        A hospital's slices.
    order : ndarray of int64
        Indices in the order to take them.
    batch_size : int
        Largest size of a batch, at least 2.
    device : torch.device
        Where the batches go.
    count : int, optional
        Deal into so many batches instead of as few as `batch_size` allows; at least two slices must come to each.
    """
    if not len(order):
        return
    for part in np.array_split(order, count or count_batches(len(order), batch_size)):
        images = to_batch(slices.pixels[part])
        labels = torch.from_numpy(slices.labels[part])
        yield images.to(device, non_blocking=True), labels.to(device, non_blocking=True)


def count_batches(samples: int, batch_size: int) -> int:
    """Return how many batches `batches` yields."""
    return min(-(-samples // batch_size), max(samples // 2, 1))
