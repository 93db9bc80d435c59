"""The network: torchvision's ResNet18, from scratch, for four classes."""

from __future__ import annotations

import torch
import torchvision
from torch import nn

from common.labels import NUM_CLASSES


def build_model(name: str = "resnet18", num_classes: int = NUM_CLASSES) -> nn.Module:
    """Build the network without weights of others.

    Parameters
    ----------
    name : str
        ``"resnet18"``.
    num_classes : int
        Length of the output.

    Returns
    -------
    nn.Module
        Maps float32 ``[B, 3, H, W]`` to logits ``[B, num_classes]``.
    """
    if name != "resnet18":
        raise ValueError(f"unknown model {name!r}")
    return torchvision.models.resnet18(weights=None, num_classes=num_classes)


def initial_weights(name: str, seed: int) -> dict[str, torch.Tensor]:
    """Return the first weights of a run; they follow from the seed alone.

    The caller's random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return dict(build_model(name).state_dict())
