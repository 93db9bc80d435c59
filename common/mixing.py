"""Mixup: some steps see blends of two slices, and answer for both labels in their shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

BLENDED = 0.5  # share of the steps that see blends; the others see slices as they are


@dataclass(frozen=True)
class Blend:
    """What one step sees.

    Attributes
    ----------
    images : Tensor of float32, shape [B, 3, S, S]
        Slices, or blends of two of them.
    labels : Tensor of int64, shape [B]
        Classes of the slices that have the larger part.
    others : Tensor of int64, shape [B], or None
        Classes of the slices that have the rest; None where nothing is blended.
    share : float
        The larger part, from 0.5 to 1.
    """

    images: torch.Tensor
    labels: torch.Tensor
    others: torch.Tensor | None = None
    share: float = 1.0

    def loss(self, of: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """Return the loss `of` one sort of labels, weighted over both sorts by their shares."""
        if self.others is None:
            return of(self.labels)
        return self.share * of(self.labels) + (1.0 - self.share) * of(self.others)


class Blender:
    """Blends batches with themselves in another order (Zhang et al., mixup, ICLR 2018).

    Parameters
    ----------
    alpha : float
        Of the Beta distribution that the shares come from; 0 blends nothing.
    seed : int
        Of the shares and of who is blended with whom.
    """

    def __init__(self, alpha: float, seed: int) -> None:
        self.alpha = alpha
        self.random = np.random.Generator(np.random.PCG64(seed))

    def blend(self, images: torch.Tensor, labels: torch.Tensor) -> Blend:
        """Blend a normalised batch ``[B, 3, S, S]`` with labels ``[B]``, or leave it as it is."""
        if not self.alpha or self.random.random() >= BLENDED:
            return Blend(images, labels)
        drawn = self.random.beta(self.alpha, self.alpha)
        share = float(max(drawn, 1.0 - drawn))
        order = torch.from_numpy(self.random.permutation(len(labels))).to(labels.device)
        return Blend(torch.lerp(images[order], images, share), labels, labels[order], share)
