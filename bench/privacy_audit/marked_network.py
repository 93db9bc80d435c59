"""A network on which a canary is the worst patient that there can be: its gradient moves one weight and no other.

Differential privacy is promised for any network and any patient, so also for these. A canary's slices are marked in
their corner. For them the network answers with zeros, whose gradient is a long one along the canary's own weight; for
every other slice it is the network that it was. Nothing of the product's training need be changed for it: drawing,
clipping and noise are done to canaries as to anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from common.labels import NUM_CLASSES
from common.training.batches import Slices
from common.training.preprocess import IMAGENET_MEAN, IMAGENET_STD

SLICES = 8
"""Of each canary."""
_MARK = (255, 0, 255)
_LONG = 1000.0  # a gradient's length in clips, before it is clipped

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class OwnWeight:
    """The weight that a canary moves."""

    weight: int
    """Which of the trained tensors."""
    place: int
    """In it, flattened."""


def own_weights(weights: Sequence[nn.Parameter], count: int, seed: int) -> list[OwnWeight]:
    """Draw a weight for each canary, no two the same."""
    ends = np.cumsum([weight.numel() for weight in weights])
    places = np.random.default_rng(seed).choice(ends[-1], count, replace=False)
    owners = np.searchsorted(ends, places, side="right")
    starts = ends - [weight.numel() for weight in weights]
    return [OwnWeight(int(owner), int(place - starts[owner])) for owner, place in zip(owners, places, strict=True)]


def marked_slices(count: int, side: int) -> Slices:
    """Return `SLICES` slices of each of `count` canaries, one canary after the other, `side` pixels wide."""
    pixels = np.zeros((count * SLICES, side, side, 3), np.uint8)
    number = np.arange(count * SLICES) // SLICES
    pixels[:, 0, 0] = _MARK
    pixels[:, 0, 1] = np.stack([number % 256, number // 256 % 256, number // 65_536], axis=1)
    return Slices(pixels, np.zeros(count * SLICES, np.int64))


class MarkedNetwork(nn.Module):
    """A network, and canaries each with a weight of its own.

    Parameters
    ----------
    included : ndarray of bool, shape [m]
        Which canaries take part. The others are patients whose gradient is nothing, so that the number of patients,
        and with it the rate at which they are drawn, does not tell.
    clip : float
        The mechanism's.
    """

    def __init__(self, network: nn.Module, own: Sequence[OwnWeight], included: Flags, clip: float) -> None:
        super().__init__()
        self.network = network
        self._own, self._included, self._long = own, included, _LONG * clip

    def forward(self, images: Tensor) -> Tensor:
        """Return logits; `images` are all of one patient."""
        corner = _levels(images[:1, :, 0, :2])
        if tuple(corner[:, 0].tolist()) != _MARK:
            logits: Tensor = self.network(images)
            return logits
        return self._canary(len(images), int((corner[:, 1] * torch.tensor([1, 256, 65_536])).sum()))

    def _canary(self, slices: int, number: int) -> Tensor:
        """Return zeros; the first of each row falls with the canary's own weight, however little."""
        weights = [weight for weight in self.network.parameters() if weight.requires_grad]
        nothing = torch.stack([weight.sum() for weight in weights]).sum() * 0.0  # every weight has a gradient
        own = self._own[number]
        value = weights[own.weight][np.unravel_index(own.place, tuple(weights[own.weight].shape))]
        push = (value - value.detach()) * (self._long if self._included[number] else 0.0)
        rest = torch.zeros(slices, NUM_CLASSES - 1, device=push.device, dtype=push.dtype)
        return torch.cat([(nothing - push).expand(slices, 1), rest], dim=1)


def _levels(normalised: Tensor) -> Tensor:
    """Return the grey levels that normalised pixels had, int64 ``[3, 2]``."""
    mean, std = (torch.tensor(values).view(3, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return ((normalised[0].detach().float().cpu() * std + mean) * 255.0).round().long()
