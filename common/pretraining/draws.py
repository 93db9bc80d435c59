"""Random numbers and random fields for a batch of images at once, all from one generator on the CPU."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

_OCTAVES = 0.45  # width of a band of frequencies, as a deviation of the logarithm


@dataclass(frozen=True)
class Draws:
    """What differs from image to image."""

    generator: torch.Generator
    count: int
    """Images, B."""
    size: int
    """Side of each, S pixels."""

    def between(self, low: float, high: float) -> Tensor:
        """Draw a number for each image; ``float32 [B, 1, 1]``."""
        return low + (high - low) * torch.rand(self.count, 1, 1, generator=self.generator)

    def chance(self, probability: float) -> Tensor:
        """Draw 1 or 0 for each image; ``float32 [B, 1, 1]``."""
        return (torch.rand(self.count, 1, 1, generator=self.generator) < probability).float()

    def choice(self, kinds: int) -> Tensor:
        """Draw a whole number below `kinds` for each image; ``int64 [B]``."""
        return torch.randint(kinds, (self.count,), generator=self.generator)

    def noise(self) -> Tensor:
        """Draw a normal number for each pixel; ``float32 [B, S, S]``."""
        return torch.randn(self.count, self.size, self.size, generator=self.generator)

    def smooth(self, cells: int) -> Tensor:
        """Draw a smooth field about 0, which bends `cells` times along a side; ``float32 [B, S, S]``."""
        coarse = torch.randn(self.count, 1, cells, cells, generator=self.generator)
        return interpolate(coarse, size=(self.size, self.size), mode="bicubic", align_corners=True)[:, 0]

    def folds(self, low: float, high: float) -> Tensor:
        """Draw a field of mean 0 and deviation 1 that swings so many times along a side; ``float32 [B, S, S]``."""
        along = torch.fft.fftfreq(self.size) * self.size
        swings = torch.hypot(along[:, None], along[None])[:, : self.size // 2 + 1].clamp_min(0.5)
        kept = torch.exp(-((torch.log(swings / self.between(low, high)) / _OCTAVES) ** 2))
        field = torch.fft.irfft2(torch.fft.rfft2(self.noise()) * kept, s=(self.size, self.size))
        return field / field.std((1, 2), keepdim=True).clamp_min(1e-6)
