"""Grad-CAM of the network's last convolution: where the evidence for a class was drawn from.

The network is split before its pooling, so no hook is needed and nothing is written into a model that others share.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from common.config.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE

POOLING = ARCHITECTURES[DEFAULT_ARCHITECTURE].pooling


def trunk(model: nn.Module, batch: torch.Tensor, pooling: str = POOLING) -> torch.Tensor:
    """Return the last convolution's maps, float32 ``[B, channels, h, w]``, without a graph."""
    with torch.no_grad():
        for name, part in model.named_children():
            if name == pooling:
                break
            batch = part(batch)
    return batch


def head(model: nn.Module, maps: torch.Tensor, pooling: str = POOLING) -> torch.Tensor:
    """Return the logits ``[B, 4]`` of the trunk's maps."""
    parts = dict(model.named_children())
    logits: torch.Tensor = torch.flatten(parts[pooling](maps), 1)
    for name in list(parts)[list(parts).index(pooling) + 1 :]:
        logits = parts[name](logits)
    return logits


def grad_cam(model: nn.Module, maps: torch.Tensor, target: int, pooling: str = POOLING) -> npt.NDArray[np.float32]:
    """Return the heat of one image ``[h, w]`` for a class; the first of :func:`grad_cams`."""
    return grad_cams(model, maps, [target], pooling)[0]


def grad_cams(
    model: nn.Module, maps: torch.Tensor, targets: Sequence[int], pooling: str = POOLING
) -> npt.NDArray[np.float32]:
    """Weigh the maps of each image by the mean gradient of a class's logit.

    Parameters
    ----------
    model : nn.Module
        In evaluation mode (so no image touches another's logits); left as it is, ``.grad`` of its parameters included.
    maps : Tensor
        From :func:`trunk`, ``[B, channels, h, w]``.
    targets : sequence of int
        Index of the class, for each image.
    pooling : str
        The child that pools (see `common.config.architectures`).

    Returns
    -------
    ndarray of float32, shape [B, h, w]
        0 to 1, its highest value 1; all 0 where nothing speaks for the class.
    """
    maps = maps.detach().requires_grad_(True)
    chosen = head(model, maps, pooling)[torch.arange(len(maps)), torch.tensor(targets)]
    (gradient,) = torch.autograd.grad(chosen.sum(), maps)
    heat = torch.relu((gradient.mean(dim=(2, 3), keepdim=True) * maps.detach()).sum(dim=1))
    return (heat / heat.amax(dim=(1, 2), keepdim=True).clamp_min(1e-12)).cpu().numpy()
