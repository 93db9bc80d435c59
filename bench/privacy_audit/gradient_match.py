"""Pictures whose gradient is the one that was seen.

After Geiping, Bauermeister, Dröge and Moeller, *Inverting gradients: how easy is it to break privacy in federated
learning?*, NeurIPS 2020, arXiv 2003.14053: Adam on the pixels, the cosine of the gradients, and total variation against
noise. What differs was tried here and came nearer in a given time: the cosine is taken tensor by tensor, of the first
kernels alone, which know best what is where in a picture; pixels go through a sigmoid, and steps have their own length
in place of their sign's. The pictures are grey, as MRI is, so that a third of the unknowns is left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from common.config.settings import EVERY_WEIGHT, TrainPlan
from common.model.weights import Arrays
from common.training.loss import ClassMix, cross_entropy
from common.training.preprocess import IMAGENET_MEAN, IMAGENET_STD

_KERNELS = 5  # of ResNet18 the first convolution and the first stage
_DARK = -1.5  # what pictures begin with, before the sigmoid
_NORMALISATION = re.compile(r"(?:.*\.)?(?:bn\d|downsample\.1)\.(weight|bias)")
_OPEN = {"weight": 0.2, "bias": 1.0}


@dataclass(frozen=True)
class Search:
    """How pictures are looked for."""

    iterations: int = 400
    rate: float = 0.2
    """Of Adam's first steps; a cosine leads it to zero."""
    smoothness: float = 1e-4
    """What total variation counts."""
    seed: int = 0


@dataclass(frozen=True)
class Known:
    """What the attacker knows beside the model."""

    gradient: Mapping[str, Tensor]
    """By the name of the parameter; those that the run does not train are absent."""
    labels: Tensor
    side: int
    mix: ClassMix
    plan: TrainPlan


def with_open_gates(arrays: Arrays) -> Arrays:
    """Return a model that tells more: each normalisation's outcome is so far above zero that no ReLU cuts it off.

    With most gates shut a gradient is a rough function of the picture, in which a search gets stuck; with all of them
    open it is a smooth one. Hospitals train whatever model they are sent.
    """
    found = dict(arrays)
    for name, array in arrays.items():
        if kind := _NORMALISATION.fullmatch(name):
            found[name] = np.full_like(array, _OPEN[kind[1]])
    return found


def match_gradient(
    model: nn.Module, known: Known, search: Search, on_iteration: Callable[[int], Any] = lambda done: None
) -> Tensor:
    """Return pictures, float32 ``[B, S, S]`` with levels from 0 to 1, whose gradient points the way of the known one.

    Parameters
    ----------
    model : nn.Module
        As it was before the step. Layers that normalise by the batch do so here, too, as they did in the step.
    """
    names = _looked_at(known)
    parameters = [each.requires_grad_(name in names) for name, each in model.named_parameters()]
    parameters = [each for each in parameters if each.requires_grad]
    target = [known.gradient[name] for name, each in model.named_parameters() if each.requires_grad]
    model.train()
    start = torch.Generator().manual_seed(search.seed)
    hidden = _DARK + 0.1 * torch.randn(len(known.labels), 1, known.side, known.side, generator=start)
    optimiser = torch.optim.Adam([hidden.requires_grad_()], lr=search.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, search.iterations)
    for done in range(search.iterations):
        on_iteration(done)
        pictures = torch.sigmoid(hidden)
        made = torch.autograd.grad(_loss(model, pictures, known), parameters, create_graph=True)
        distance = _distance(made, target) + search.smoothness * total_variation(pictures)
        (hidden.grad,) = torch.autograd.grad(distance, hidden)
        optimiser.step()
        schedule.step()
    return torch.sigmoid(hidden.detach())[:, 0]


def total_variation(pictures: Tensor) -> Tensor:
    """Return the mean step from a pixel to the next ones, of ``[B, 1, S, S]``."""
    across, down = pictures.diff(dim=3).abs().mean(), pictures.diff(dim=2).abs().mean()
    return across + down


def _looked_at(known: Known) -> Sequence[str]:
    """Return the parameters whose gradients are compared: the first kernels, or all where the run trains a part."""
    if known.plan.part != EVERY_WEIGHT:
        return list(known.gradient)
    return [name for name, gradient in known.gradient.items() if gradient.ndim > 1][:_KERNELS]


def _loss(model: nn.Module, pictures: Tensor, known: Known) -> Tensor:
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    scores = known.mix.scores(model((pictures - mean) / deviation))
    return cross_entropy(scores, known.mix.targets(known.labels), known.plan)


def _distance(made: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    """Return one minus the cosine of two gradients, the mean over tensors."""
    pairs = zip(made, target, strict=True)
    cosines = [cosine_similarity(one.flatten(), other.flatten(), dim=0, eps=1e-20) for one, other in pairs]
    return 1.0 - torch.stack(cosines).mean()
