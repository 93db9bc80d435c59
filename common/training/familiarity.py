"""What the network makes of an image, in a few numbers by which slices of training can be told from anything else.

The last features are the wrong ones for that: they were trained to tell four classes apart, and let noise and patterns
pass. What tells is the first stage's: how strongly each of its filters answers on average and how unevenly, as
logarithms, so that a darker image is not another one. Beside them, where in the image the light is, on a grid of 4 x 4.
docs/familiar.md has the figures.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from common.config.architectures import ARCHITECTURES
from common.metrics.familiar.sums import Features
from common.model.registry import empty_model
from common.training.batches import Indices, Slices, batches, count_batches
from common.training.preprocess import normalise

_BATCH = 64
_GRID = 4
_FLOOR = 1e-3  # below the answers of a filter that sees something


def features_of(model: nn.Module, batch: torch.Tensor, name: str) -> Features:
    """Return the features of images as the model sees them.

    Parameters
    ----------
    model : nn.Module
        In evaluation mode.
    batch : Tensor
        Normalised, float32 ``[B, 3, S, S]``, on the model's device.
    name : str
        The model's name.

    Returns
    -------
    ndarray of float64, shape [B, `feature_count`]
    """
    with torch.no_grad():
        maps = _early(model, batch, name)
        spread, mean = torch.std_mean(maps.double(), dim=(2, 3), correction=0)
        light = functional.adaptive_avg_pool2d(batch.double().mean(dim=1), _GRID).flatten(1)
        parts = (torch.log(mean.clamp_min(0) + _FLOOR), torch.log(spread + _FLOOR), light)
        found: Features = torch.cat(parts, dim=1).cpu().numpy()
    return found


def features_at(
    model: nn.Module,
    slices: Slices,
    indices: Indices,
    name: str,
    on_batch: Callable[[int, int], None] | None = None,
) -> Features:
    """Return the features of the slices at `indices`, shape [N, D]; parameters as of `evaluate`."""
    device, total = next(model.parameters()).device, count_batches(len(indices), _BATCH)
    model.eval()
    found = [np.zeros((0, feature_count(name)))]
    for done, (images, _) in enumerate(batches(slices, indices, _BATCH, device)):
        if on_batch:
            on_batch(done, total)
        found.append(features_of(model, normalise(images), name))
    return np.concatenate(found)


@cache
def feature_count(name: str) -> int:
    """Return how many features there are with a network."""
    with torch.device("meta"):
        channels = _early(empty_model(name).eval(), torch.zeros(1, 3, 64, 64), name).shape[1]
    return 2 * channels + _GRID * _GRID


def _early(model: nn.Module, batch: torch.Tensor, name: str) -> torch.Tensor:
    """Return the maps of the network's first stage."""
    for child, part in model.named_children():
        batch = part(batch)
        if child == ARCHITECTURES[name].first_stage:
            break
    return batch
