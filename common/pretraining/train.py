"""Pre-train a network on images that the program makes; the same recipe gives the same weights."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor

from common.config.architectures import ARCHITECTURES
from common.config.settings import AugmentPlan
from common.model.state import arrays_from_model
from common.model.weights import Arrays
from common.pretraining.images import Made, make_images
from common.pretraining.network import Learner, loss_of
from common.pretraining.recipe import Recipe
from common.pretraining.whitening import whiten
from common.training.augment import augment

OnStep = Callable[[str, int, int], None]
"""Called as ``on_step(what, done, total)``; what it raises ends the work."""

MAKING, LEARNING = "making images", "pre-training on them"
_COLOURS = AugmentPlan(
    flip=False, rotation_degrees=0.0, shift_fraction=0.0, scale_fraction=0.0, brightness=0.1, contrast=0.2, gamma=0.3
)
_RISE = 30  # steps until the highest rate
_WHITENED = 2_048  # images whose features are looked at


def pretrain(recipe: Recipe, network: str, image_size: int, on_step: OnStep) -> Arrays:
    """Make the images, learn from them, and return the network's whole state_dict."""
    with _alone(recipe):
        size = recipe.size(image_size)
        torch.set_num_threads(1)  # fields are so small that a second thread costs more than it does
        made = make_images(recipe.images, size, recipe.seed, lambda done: on_step(MAKING, done, recipe.images))
        torch.set_num_threads(recipe.threads)
        learner = Learner(network, size).to(memory_format=torch.channels_last)
        _learn(learner, made, recipe, on_step)
        whiten(learner.backbone, ARCHITECTURES[network].pooling, made.pixels[:_WHITENED])
        return arrays_from_model(learner.backbone)


@contextmanager
def _alone(recipe: Recipe) -> Iterator[None]:
    """Fix the seed and the threads, and leave the process as it was."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def _learn(learner: Learner, made: Made, recipe: Recipe, on_step: OnStep) -> None:
    optimiser = torch.optim.AdamW(learner.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True)
    generator = torch.Generator().manual_seed(recipe.seed)
    learner.train()
    for step, indices in enumerate(_order(len(made), recipe, generator)):
        on_step(LEARNING, step, recipe.steps)
        for group in optimiser.param_groups:
            group["lr"] = _rate(recipe, step)
        part = _maybe_mirrored(made.at(indices), generator)
        batch = augment(part.pixels[:, None].expand(-1, 3, -1, -1), _COLOURS, generator)
        loss = loss_of(learner(batch), part)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()


def _order(count: int, recipe: Recipe, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield the indices of each step's images: all of them in a new order, again and again."""
    left = torch.empty(0, dtype=torch.int64)
    for _ in range(recipe.steps):
        if len(left) < recipe.batch_size:
            left = torch.randperm(count, generator=generator)
        yield left[: recipe.batch_size]
        left = left[recipe.batch_size :]


def _rate(recipe: Recipe, step: int) -> float:
    fall = 0.5 * (1.0 + math.cos(math.pi * (step + 0.5) / recipe.steps))
    return recipe.lr * min(1.0, (step + 1) / _RISE) * fall


def _maybe_mirrored(made: Made, generator: torch.Generator) -> Made:
    """Mirror a whole batch half of the times, with what is said of it: turn and shift to the side change their sign."""
    if torch.rand((), generator=generator) < 0.5:
        return made
    signs = torch.tensor([-1.0, 1.0, -1.0, 1.0, 1.0, 1.0])
    return replace(made, pixels=made.pixels.flip(2), where=made.where.flip(2), geometry=made.geometry * signs)
