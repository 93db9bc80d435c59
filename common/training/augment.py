"""Random changes of a whole training batch at once, and its normalisation.

Version 1 flipped and rotated slice by slice; here the flip, rotation, shift and scale of a batch are one affine
resampling, on the batch's device. The random numbers always come from a CPU generator, eight for each slice whatever
the settings, so that a CPU and a GPU augment alike and one setting does not reshuffle the others.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from common.config.settings import AugmentPlan
from common.training.preprocess import normalise, normalise_levels, preprocess, to_batch

__all__ = ["augment", "normalise", "preprocess", "to_batch"]

_DRAWS = 8


def augment(batch: Tensor, settings: AugmentPlan, generator: torch.Generator) -> Tensor:
    """Change a training batch at random, then normalise it.

    Parameters
    ----------
    batch : torch.Tensor
        ``uint8 [B, 3, H, W]``, on any device.
    settings : AugmentPlan
        The largest changes; all zero without the flip gives exactly ``normalise(batch)``.
    generator : torch.Generator
        On the CPU; advanced by the same amount for every setting.

    Returns
    -------
    torch.Tensor
        ``float32 [B, 3, H, W]`` on the same device, normalised, ``channels_last`` in memory.

    Raises
    ------
    TypeError
        The batch is not ``uint8``: it was normalised before.
    """
    draws = torch.rand(len(batch), _DRAWS, generator=generator)
    if not (_moves(settings) or _recolours(settings)):
        return normalise(batch)
    if batch.dtype != torch.uint8:
        raise TypeError(f"augment expects uint8 pixels, not {batch.dtype}: the batch was normalised before")
    levels = _one_channel_if_grey(batch).to(torch.float32, memory_format=torch.contiguous_format)
    if _moves(settings):
        levels = _move(levels, affine_matrices(draws, settings))
    if _recolours(settings):
        levels = _recolour(levels, draws, settings)
    return normalise_levels(levels)


def affine_matrices(draws: Tensor, settings: AugmentPlan) -> Tensor:
    """Turn random numbers into sampling matrices.

    Parameters
    ----------
    draws : torch.Tensor
        ``float32 [B, 8]``, uniform in 0..1; columns 0 to 4 are flip, rotation, two shifts and scale.
    settings : AugmentPlan
        The largest changes.

    Returns
    -------
    torch.Tensor
        ``float32 [B, 2, 3]``: where in the input, in -1..1, each output pixel is read.
    """
    signed = 2.0 * draws - 1.0
    angle = signed[:, 1] * math.radians(settings.rotation_degrees)
    shift = 2.0 * settings.shift_fraction * signed[:, 2:4]  # the sampling grid spans 2 from edge to edge
    zoom = 1.0 / (1.0 + settings.scale_fraction * signed[:, 4])
    mirror = torch.where(draws[:, 0] < 0.5, -1.0, 1.0) if settings.flip else torch.ones(len(draws))
    cosine, sine = zoom * angle.cos(), zoom * angle.sin()
    rows = [mirror * cosine, -mirror * sine, shift[:, 0], sine, cosine, shift[:, 1]]
    return torch.stack(rows, dim=1).view(-1, 2, 3)


def _moves(settings: AugmentPlan) -> bool:
    sizes = (settings.rotation_degrees, settings.shift_fraction, settings.scale_fraction)
    return settings.flip or any(size != 0 for size in sizes)


def _recolours(settings: AugmentPlan) -> bool:
    return any(size != 0 for size in (settings.brightness, settings.contrast, settings.gamma))


def _one_channel_if_grey(batch: Tensor) -> Tensor:
    """Keep one of three equal channels: MRI is grey, and resampling one channel gives the same values."""
    first = batch[:, :1]
    return first if torch.equal(first.expand_as(batch), batch) else batch


def _move(levels: Tensor, matrices: Tensor) -> Tensor:
    grid = affine_grid(matrices.to(levels.device), list(levels.shape), align_corners=False)
    return grid_sample(levels, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _recolour(levels: Tensor, draws: Tensor, settings: AugmentPlan) -> Tensor:
    """Stretch each slice about its own mean, shift it, bend it by gamma; in place, levels stay in 0..255."""
    signed = (2.0 * draws[:, 5:8] - 1.0).to(levels.device).view(-1, 3, 1, 1, 1)
    gain = 1.0 + settings.contrast * signed[:, 0]
    mean = levels.mean(dim=(1, 2, 3), keepdim=True)
    offset = (1.0 - gain) * mean + 255.0 * settings.brightness * signed[:, 1]
    levels = levels.mul_(gain).add_(offset).clamp_(0.0, 255.0)
    if settings.gamma:
        levels = levels.div_(255.0).pow_(1.0 + settings.gamma * signed[:, 2]).mul_(255.0)
    return levels
