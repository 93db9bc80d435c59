"""BatchNorm's statistics of a model, as a hospital's training slices make them.

While it trains, a hospital keeps running means of a model that changes under them, and the average of several
hospitals' is that of no model. Estimated anew with the finished model, and added up over the hospitals as sums, the
statistics are those of all training slices together, the variance between hospitals included.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from common.model.statistics import Moments
from common.training.batches import Indices, Slices, batches, count_batches
from common.training.preprocess import normalise

_BATCH = 64


def moments_of(
    model: nn.Module, slices: Slices, indices: Indices, on_batch: Callable[[int, int], None] | None = None
) -> Moments:
    """Return the moments of what goes into each normalisation, over the slices at `indices`.

    Each batch is normalised by its own statistics, as in training; the model is left in training mode, its own
    statistics as they were.

    Parameters
    ----------
    indices : ndarray of int64
        In an order that mixes the classes.
    on_batch : callable, optional
        Gets (batches done, batches in all) before each batch; what it raises ends the work.
    """
    layers = {name: part for name, part in model.named_modules() if isinstance(part, nn.BatchNorm2d)}
    sums: dict[str, list[torch.Tensor]] = {name: [] for name in layers}
    hooks = [part.register_forward_pre_hook(_adding(sums[name])) for name, part in layers.items()]
    for part in layers.values():
        part.track_running_stats = False
    device, total = next(model.parameters()).device, count_batches(len(indices), _BATCH)
    model.train()
    try:
        with torch.no_grad():
            for done, (images, _) in enumerate(batches(slices, indices, _BATCH, device)):
                if on_batch:
                    on_batch(done, total)
                model(normalise(images))
    finally:
        for hook in hooks:
            hook.remove()
        for part in layers.values():
            part.track_running_stats = True
    found = {name: torch.stack(parts).sum(0).cpu().numpy() / len(indices) for name, parts in sums.items()}
    return Moments(
        len(indices),
        {name: np.ascontiguousarray(each[0]) for name, each in found.items()},
        {name: np.ascontiguousarray(each[1]) for name, each in found.items()},
    )


def _adding(sums: list[torch.Tensor]) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
    """Return a hook that notes, for each channel, the sums over a batch's slices of their mean and mean square."""

    def note(layer: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        spread, mean = (each.double() for each in torch.var_mean(given[0], dim=(2, 3), correction=0))
        sums.append(torch.stack((mean.sum(0), (spread + mean.square()).sum(0))))

    return note
