"""What a made-up scanner does to a batch of images: unevenness of the coil, contrast, blur, noise."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from common.pretraining.draws import Draws


def scan(draws: Draws, image: Tensor) -> Tensor:
    """Return what a scanner makes of brightness ``[B, S, S]``: ``float32 [B, S, S]`` from 0 to 1."""
    coil = 1.0 + 0.6 * draws.between(0.0, 0.35) * draws.smooth(3).clamp(-1.5, 1.5)
    seen = (image.clamp(0.0, 1.2) * coil.clamp_min(0.1)).clamp(0.0, 1.2)
    seen = seen ** torch.exp(draws.between(-0.45, 0.45))
    seen = seen * draws.between(0.65, 1.1) + 0.2 * draws.between(0.0, 1.0) ** 4
    seen = seen + draws.between(-0.4, 1.0) * (_blurred(seen) - seen)  # below zero it is sharpened
    noise = 0.08 * draws.between(0.0, 1.0) ** 2
    return torch.hypot(seen + noise * draws.noise(), noise * draws.noise()).clamp(0.0, 1.0)  # of a magnitude image


def _blurred(image: Tensor) -> Tensor:
    return avg_pool2d(pad(image[:, None], (1, 1, 1, 1), mode="replicate"), 3, 1)[:, 0]
