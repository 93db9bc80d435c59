"""Pictures whose gradient is the one that was seen.

Geiping, Bauermeister, Dröge and Moeller, *Inverting gradients: how easy is it to break privacy in federated learning?*,
NeurIPS 2020, arXiv 2003.14053: Adam on the pixels with signed gradients, the cosine of the two gradients, and total
variation against noise. The pictures are grey, as MRI is, so that a third of the unknowns is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from common.config.settings import TrainPlan
from common.training.loss import ClassMix, cross_entropy
from common.training.preprocess import IMAGENET_MEAN, IMAGENET_STD


@dataclass(frozen=True)
class Search:
    """How pictures are looked for."""

    iterations: int = 1000
    rate: float = 0.05
    """Of Adam's steps, in grey levels from 0 to 1; a tenth of it after 3/8, 5/8 and 7/8 of the way each."""
    smoothness: float = 1e-2
    """What total variation counts."""
    seed: int = 0


@dataclass(frozen=True)
class Known:
    """What the attacker knows beside the model."""

    gradient: Mapping[str, Tensor]
    """By the name of the parameter."""
    labels: Tensor
    side: int
    mix: ClassMix
    plan: TrainPlan


def match_gradient(
    model: nn.Module, known: Known, search: Search, on_iteration: Callable[[int], Any] = lambda done: None
) -> Tensor:
    """Return pictures, float32 ``[B, S, S]`` with levels from 0 to 1, whose gradient points the way of the known one.

    Parameters
    ----------
    model : nn.Module
        As it was before the step. Layers that normalise by the batch do so here, too, as they did in the step.
    """
    parameters = [each for name, each in model.named_parameters() if name in known.gradient]
    target = [known.gradient[name] for name, _ in model.named_parameters() if name in known.gradient]
    model.train()
    start = torch.Generator().manual_seed(search.seed)
    pictures = torch.rand(len(known.labels), 1, known.side, known.side, generator=start).requires_grad_()
    optimiser = torch.optim.Adam([pictures], lr=search.rate)
    milestones = [search.iterations * eighths // 8 for eighths in (3, 5, 7)]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, milestones, gamma=0.1)
    for done in range(search.iterations):
        on_iteration(done)
        made = torch.autograd.grad(_loss(model, pictures, known), parameters, create_graph=True)
        distance = 1.0 - _cosine(made, target) + search.smoothness * total_variation(pictures)
        (slope,) = torch.autograd.grad(distance, pictures)
        pictures.grad = slope.sign()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            pictures.clamp_(0.0, 1.0)
    return pictures.detach()[:, 0]


def total_variation(pictures: Tensor) -> Tensor:
    """Return the mean step from a pixel to the next ones, of ``[B, 1, S, S]``."""
    across, down = pictures.diff(dim=3).abs().mean(), pictures.diff(dim=2).abs().mean()
    return across + down


def _loss(model: nn.Module, pictures: Tensor, known: Known) -> Tensor:
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    scores = known.mix.scores(model((pictures - mean) / deviation))
    return cross_entropy(scores, known.mix.targets(known.labels), known.plan)


def _cosine(made: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    one, other = (torch.cat([each.flatten() for each in gradient]) for gradient in (made, target))
    return cosine_similarity(one, other, dim=0)
