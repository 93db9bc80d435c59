"""Draw a batch of made-up heads: skin, skull, folded cortex, white matter, fluid, and what lies below the brain.

Brightness is often that of a T1-weighted slice and often any (SynthSeg: Billot et al., Medical Image Analysis 2023),
so that what is learnt holds for scanners that nobody thought of.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from common.pretraining.draws import Draws
from common.pretraining.space import AXIAL, CORONAL, SAGITTAL, Space

_ANY_CONTRAST = 0.35
_WITH_SKULL = 0.85  # the others are cut out, as programs do that keep the brain alone


@dataclass(frozen=True)
class Tissue:
    """Brightness of what a head is made of, 0 to 1, ``float32 [B, 1, 1]`` each."""

    white: Tensor
    grey: Tensor
    fluid: Tensor
    skin: Tensor
    skull: Tensor
    is_any: Tensor
    """1 where white, grey and fluid are in no order."""


@dataclass(frozen=True)
class Heads:
    """A batch of heads without lesions."""

    image: Tensor
    """``float32 [B, S, S]``, as is `brain`, 1 where there is brain."""
    brain: Tensor
    tissue: Tissue
    ventricles: Tensor
    """``float32 [B, 1, 1]``: their size, 1 is usual."""
    skull_edge: Tensor
    """Of the outline, where the skull begins."""


def lay(image: Tensor, mask: Tensor, value: Tensor | float) -> Tensor:
    """Lay a brightness over an image where `mask` is 1."""
    return image + mask * (value - image)


def draw_heads(draws: Draws, space: Space) -> Heads:
    """Draw a head into each space."""
    tissue, outline = _tissue(draws), space.outline
    size = torch.minimum(space.half_width, space.half_height)
    skull_edge = draws.between(0.90, 0.95)
    brain_edge = skull_edge - draws.between(0.03, 0.08)
    brain = space.inside(outline, brain_edge, size)
    image = _below(draws, space, tissue)
    skin = draws.chance(_WITH_SKULL)
    image = lay(image, skin * space.inside(outline, 1.0, size), tissue.skin)
    image = lay(image, skin * space.inside(outline, skull_edge, size), tissue.skull)
    image = lay(image, brain, tissue.fluid)
    image = _cortex(draws, space, tissue, image, brain, brain_edge, size)
    ventricles = draws.between(0.4, 1.7)
    image = _across_the_middle(draws, space, tissue, image, ventricles)
    image = _along_the_middle(draws, space, tissue, image, brain, ventricles)
    return Heads(image, brain, tissue, ventricles, skull_edge)


def _tissue(draws: Draws) -> Tissue:
    white, is_any = draws.between(0.42, 0.70), draws.chance(_ANY_CONTRAST)
    usual = (white, white * draws.between(0.60, 0.85), draws.between(0.02, 0.16))
    strange = (draws.between(0.1, 0.8), draws.between(0.1, 0.8), draws.between(0.0, 1.0))
    white, grey, fluid = (lay(one, is_any, other) for one, other in zip(usual, strange, strict=True))
    return Tissue(white, grey, fluid, draws.between(0.35, 0.95), draws.between(0.02, 0.14), is_any)


def _below(draws: Draws, space: Space, tissue: Tissue) -> Tensor:
    """Neck and face, where the plane shows them."""
    across, along = space.shown(CORONAL), space.shown(SAGITTAL)
    bottom = space.top + space.half_height
    width = across * draws.between(0.35, 0.60) + along * draws.between(0.25, 0.50) + 0.05
    neck = space.ellipse(along * draws.between(0.0, 0.3), bottom + draws.between(0.20, 0.45), width, 0.5)
    face = space.ellipse(-draws.between(0.55, 0.75), space.top + draws.between(0.55, 0.90), 0.4, 0.48)
    body = torch.maximum((across + along) * space.inside(neck, 1.0, 0.4), along * space.inside(face, 1.0, 0.4))
    return body * (0.35 * tissue.skin + 0.25 + 0.16 * draws.folds(3, 9)).clamp(0.0, 1.0)


def _cortex(
    draws: Draws, space: Space, tissue: Tissue, image: Tensor, brain: Tensor, edge: Tensor, size: Tensor
) -> Tensor:
    """Grey matter around white, folded, with fluid between the folds and between the hemispheres."""
    outline, folds = space.outline, draws.folds(6, 16)
    image = lay(image, space.inside(outline, edge - 0.02, size), tissue.grey)
    image = lay(image, space.inside(outline + 0.06 * folds, edge - draws.between(0.1, 0.18), size), tissue.white)
    furrows = torch.exp(-((folds / draws.between(0.2, 0.4)) ** 2)) * torch.sigmoid(14 * (outline - 0.6))
    image = lay(image, draws.between(0.2, 0.8) * furrows * brain, tissue.fluid)
    image = image + draws.between(0.0, 0.06) * draws.folds(8, 28) * brain
    halves = torch.exp(-((space.across / 0.025) ** 2))
    halves = halves * torch.sigmoid(18 * ((space.down - space.top).abs() - draws.between(0.2, 0.5)))
    upper = space.shown(AXIAL) + space.shown(CORONAL) * (space.down < space.top)
    return lay(image, 0.8 * halves * upper * brain, 0.7 * tissue.fluid)


def _across_the_middle(draws: Draws, space: Space, tissue: Tissue, image: Tensor, ventricles: Tensor) -> Tensor:
    """What is paired, in axial and coronal planes: nuclei, ventricles, eyes."""
    axial, coronal = space.shown(AXIAL), space.shown(CORONAL)
    eyes = axial * draws.chance(0.35)
    for side in (-1.0, 1.0):
        wide = ventricles * draws.between(0.85, 1.15)
        nucleus = space.ellipse(side * 0.22, space.top + 0.05, 0.12, 0.16, side * 0.3)
        image = lay(image, 0.7 * (axial + coronal) * space.inside(nucleus, 1.0, 0.12), tissue.grey)
        front = (0.06 * axial + 0.07 * coronal) * wide + 0.01, (0.2 * axial + 0.1 * coronal) * wide + 0.01
        horn = space.ellipse(side * 0.11, space.top - 0.16 * axial - 0.1 * coronal, *front, side * 0.3)
        image = lay(image, (axial + coronal) * space.inside(horn, 1.0, 0.07), tissue.fluid)
        back = space.ellipse(side * 0.19, space.top + 0.26, 0.055 * wide, 0.17 * wide, -side * 0.4)
        image = lay(image, axial * space.inside(back, 1.0, 0.06), tissue.fluid)
        eye = space.ellipse(side * 0.36, space.top - 0.72, 0.13, 0.14)
        image = lay(image, eyes * space.inside(eye, 1.0, 0.13), 1.2 * tissue.fluid)
        image = lay(image, 0.6 * eyes * space.inside((eye - 1.0).abs(), 0.12, 0.13), tissue.skin)
    third = space.ellipse(0.0, space.top + 0.08, 0.025 * ventricles, 0.09 * ventricles)
    return lay(image, (axial + coronal) * space.inside(third, 1.0, 0.03), tissue.fluid)


def _along_the_middle(
    draws: Draws, space: Space, tissue: Tissue, image: Tensor, brain: Tensor, ventricles: Tensor
) -> Tensor:
    """What the sagittal plane shows, and partly the coronal: corpus callosum, brain stem, cerebellum."""
    coronal, sagittal = space.shown(CORONAL), space.shown(SAGITTAL)
    bow = (space.ellipse(0.05, space.top + 0.08, 0.34, 0.26) - 1.0) / 0.16
    bow = torch.exp(-(bow**2)) * torch.sigmoid(14 * (space.top + 0.02 - space.down))
    image = lay(image, 0.9 * sagittal * bow, 1.15 * tissue.white)
    middle = space.ellipse(0.02, space.top + 0.03, 0.24 * ventricles.clamp_max(1.2), 0.11 * ventricles)
    image = lay(image, 0.9 * sagittal * space.inside(middle, 1.0, 0.1), tissue.fluid)
    stem = space.ellipse(0.12 * sagittal, space.top + 0.55, 0.13, 0.36)
    image = lay(image, (sagittal + coronal) * space.inside(stem, 1.0, 0.15), 0.95 * tissue.white)
    cerebellum = space.ellipse(0.5 * sagittal, space.top + 0.52, 0.26 * sagittal + 0.5 * coronal + 0.01, 0.2)
    leaves = tissue.grey + 0.12 * draws.folds(14, 26)
    return lay(image, (sagittal + 0.6 * coronal) * space.inside(cerebellum, 1.0, 0.2) * brain, leaves)
