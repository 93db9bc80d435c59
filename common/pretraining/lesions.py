"""Draw a made-up lesion of one of five kinds, or none, into each head of a batch; say where it is."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from common.pretraining.draws import Draws
from common.pretraining.heads import Heads, lay
from common.pretraining.space import AXIAL, CORONAL, SAGITTAL, Space

NONE, RING, ON_THE_SKULL, BEAD, DARK, PATCHY = range(6)
KINDS = 6


@dataclass(frozen=True)
class Lesions:
    """What was drawn."""

    image: Tensor
    """``float32 [B, S, S]``: the heads with their lesions."""
    kind: Tensor
    """``int64 [B]``."""
    mask: Tensor
    """``float32 [B, S, S]``: 1 where there is a lesion."""
    size: Tensor
    """``float32 [B]``: radius, as a fraction of half the image's side; 0 where there is none."""


@dataclass(frozen=True)
class _Place:
    """Where lesions lie, ``float32 [B, 1, 1]`` each."""

    across: Tensor
    down: Tensor
    size: Tensor


def draw_lesions(draws: Draws, space: Space, heads: Heads) -> Lesions:
    """Draw a lesion of a random kind into each head."""
    kind = draws.choice(KINDS)
    image = _hollow(draws, space, heads, kind)
    place = _place(draws, space, kind.view(-1, 1, 1))
    stretch, turn = draws.between(0.75, 1.3), draws.between(0.0, math.pi)
    even = space.ellipse(place.across, place.down, place.size * stretch, place.size / stretch, turn)
    image = _paint(draws, space, heads, image, kind, even, place.size)
    there = (kind != NONE).view(-1, 1, 1)
    mask = there * torch.sigmoid((1.0 - even) * place.size / space.pixel)
    return Lesions(image, kind, mask, (place.size * there)[:, 0, 0])


def _sella(space: Space) -> tuple[Tensor, Tensor]:
    """Return where the hollow of the skull's base lies."""
    return -0.12 * space.shown(SAGITTAL), space.top + 0.42 * space.shown(CORONAL) + 0.36 * space.shown(SAGITTAL)


def _hollow(draws: Draws, space: Space, heads: Heads, kind: Tensor) -> Tensor:
    """Darken the base of the skull, always around a bead and at times elsewhere."""
    across, down = _sella(space)
    usual = 0.7 * draws.chance(0.5) * space.shown(CORONAL, SAGITTAL)
    strength = torch.where((kind == BEAD).view(-1, 1, 1), draws.between(0.5, 1.0), usual)
    hollow = space.inside(space.ellipse(across, down + 0.08, 0.2, 0.13), 1.0, 0.15, softness=3.0)
    return lay(heads.image, strength * hollow, heads.tissue.skull + 0.03)


def _place(draws: Draws, space: Space, kind: Tensor) -> _Place:
    size = torch.where(kind == BEAD, draws.between(0.07, 0.17), draws.between(0.10, 0.36))
    inner, at_the_edge = draws.between(0.05, 0.62), draws.between(0.74, 0.86) - 0.5 * size
    distance, angle = torch.where(kind == ON_THE_SKULL, at_the_edge, inner), draws.between(-math.pi, math.pi)
    across, down = _sella(space)
    lower = space.shown(AXIAL) * draws.between(-0.10, 0.15)
    return _Place(
        torch.where(kind == BEAD, across + draws.between(-0.03, 0.03), distance * space.half_width * torch.sin(angle)),
        torch.where(
            kind == BEAD,
            down + lower + draws.between(-0.04, 0.04),
            space.top + distance * space.half_height * torch.cos(angle),
        ),
        size,
    )


def _paint(draws: Draws, space: Space, heads: Heads, image: Tensor, kind: Tensor, even: Tensor, size: Tensor) -> Tensor:
    """Lay each kind's own layers over the images that have it."""
    tissue, brain = heads.tissue, heads.brain
    rough = even + 0.10 * draws.folds(2, 5) + 0.08 * draws.folds(6, 12)
    bright = draws.between(0.65, 1.1)
    solid, ragged = space.inside(even, 1.0, size), space.inside(rough, 1.0, size, softness=2.0)
    halo = torch.sigmoid(5 * (draws.between(1.3, 1.9) - rough)) * brain * draws.between(0.3, 0.8)
    swollen = lay(tissue.fluid + draws.between(0.08, 0.2), tissue.is_any, draws.between(0.0, 1.0))
    within = space.inside(space.outline, heads.skull_edge, 0.8)
    core = space.inside(rough, draws.between(0.4, 0.72), size, softness=2.0)
    patches = bright * (0.75 + 0.25 * torch.tanh(draws.folds(5, 12)))
    layers = (
        (RING, halo, swollen),
        (RING, ragged * brain, bright),
        (RING, core * brain, tissue.fluid + draws.between(0.0, 0.15)),
        (ON_THE_SKULL, 0.6 * space.inside(even, 1.15, size, softness=2.0) * within, tissue.fluid + 0.06),
        (ON_THE_SKULL, solid * within, bright),
        (BEAD, solid, bright),
        (DARK, draws.between(0.5, 0.95) * ragged * brain, tissue.fluid + draws.between(0.02, 0.12)),
        (PATCHY, 0.7 * halo, swollen),
        (PATCHY, ragged * brain, patches),
    )
    for which, mask, value in layers:
        image = lay(image, (kind == which).view(-1, 1, 1) * mask, value)
    return image
