"""The gradient of each patient's mean loss, added to a clipped sum: one backward pass a patient, or several in one.

``python -m bench.unit_gradients`` measures them. Of all 11 million weights, those of slices by Opacus or torch.func
take 1.4 to 4.5 times as long as a pass for each patient. Of the head's 12 thousand they take a third: each pass
standardises the frozen weights anew. There the two are alike, and torch.func needs no hooks in the network.

All is float32, whatever `TrainPlan.precision` says: in bfloat16 a single patient's gradient was some 29 % off.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from common.config.settings import TrainPlan
from common.privacy.stream import SecretStream
from common.training.augment import augment
from common.training.batches import Indices, Slices, batches
from common.training.loss import cross_entropy
from common.training.private.clipped_sum import ClippedSum

_FEW_WEIGHTS = 100_000  # up to which a batch of slices' gradients is no larger than the network

Gradients = Callable[[Tensor, Tensor], list[Tensor]]


class UnitGradients:
    """What a model's weights that are trained, in their present state, would change for each patient."""

    def __init__(self, model: nn.Module, slices: Slices, plan: TrainPlan, views: int, joint: bool) -> None:
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._model = model
        self._slices = slices
        self._plan = plan
        self._views = views
        few = sum(weight.numel() for weight in self.weights) <= _FEW_WEIGHTS
        self._room = plan.batch_size if joint and few else 0

    def add(
        self, total: ClippedSum, units: Sequence[tuple[int, Indices]], stream: SecretStream, tell: Callable[[], None]
    ) -> None:
        """Add the gradients of some patients, each known by a number; no two draw from the same numbers.

        `tell` is called between patients; what it raises ends the training.
        """
        each = [(np.repeat(slices, self._views), stream.derive(number)) for number, slices in units]
        for group in _together(each, self._room):
            tell()
            if len(group) == 1:
                self._add_one(total, *group[0])
            else:
                self._add_several(total, group)

    def _add_one(self, total: ClippedSum, seen: Indices, stream: SecretStream) -> None:
        """Go backward batch by batch, so that any number of slices fits."""
        device, generator = self.weights[0].device, _generator(stream)
        for images, labels in batches(self._slices, seen, self._plan.batch_size, device):
            scores = self._model(augment(images, self._plan.augment, generator))
            loss = cross_entropy(scores, labels, self._plan)
            (loss * (len(labels) / len(seen))).backward()
        total.take()

    def _add_several(self, total: ClippedSum, group: list[tuple[Indices, SecretStream]]) -> None:
        device, sizes = self.weights[0].device, [len(seen) for seen, _ in group]
        everything = np.concatenate([seen for seen, _ in group])
        images, labels = next(batches(self._slices, everything, len(everything), device, 1))
        parts = zip(images.split(sizes), group, strict=True)
        seen = torch.cat([augment(part, self._plan.augment, _generator(stream)) for part, (_, stream) in parts])
        found = _slice_gradients(self._model, self._plan)(seen, labels)
        for unit in zip(*(gradient.split(sizes) for gradient in found), strict=True):
            for weight, gradient in zip(self.weights, unit, strict=True):
                weight.grad = gradient.mean(dim=0)
            total.take()


def _together(units: Iterable[tuple[Indices, SecretStream]], room: int) -> Iterator[list[tuple[Indices, SecretStream]]]:
    """Yield patients in groups of at most `room` slices; one that has more is a group of its own."""
    group: list[tuple[Indices, SecretStream]] = []
    for unit in units:
        if group and sum(len(seen) for seen, _ in group) + len(unit[0]) > room:
            yield group
            group = []
        group.append(unit)
    if group:
        yield group


def _slice_gradients(model: nn.Module, plan: TrainPlan) -> Gradients:
    """Return a function from ``[B, 3, S, S]`` and ``[B]`` to each weight's gradients, ``[B, ...]``."""
    trained = {name: weight.detach() for name, weight in model.named_parameters() if weight.requires_grad}
    frozen = {name: weight.detach() for name, weight in model.named_parameters() if not weight.requires_grad}

    def loss(weights: dict[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
        scores = functional_call(model, {**frozen, **weights}, image.unsqueeze(0))
        return cross_entropy(scores, label.unsqueeze(0), plan)

    of_each = vmap(grad(loss), in_dims=(None, 0, 0))
    return lambda images, labels: list(of_each(trained, images, labels).values())


def _generator(stream: SecretStream) -> torch.Generator:
    """Return what a patient's views are drawn from; how a slice is turned need be no secret."""
    return torch.Generator().manual_seed(stream.seed())
