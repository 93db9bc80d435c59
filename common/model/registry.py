"""Networks by name, from scratch, for four classes."""

from importlib import import_module

import torch
from torch import nn

from common.config.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE
from common.labels import NUM_CLASSES


def build_model(name: str = DEFAULT_ARCHITECTURE, num_classes: int = NUM_CLASSES) -> nn.Module:
    """Build a network without weights of others.

    Parameters
    ----------
    name : str
        One of `ARCHITECTURES`.
    num_classes : int
        Length of the output.

    Returns
    -------
    nn.Module
        Maps float32 ``[B, 3, H, W]`` to logits ``[B, num_classes]``.

    Raises
    ------
    ValueError
        For a name that is none of them.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"unknown model {name!r}")
    module, _, function = ARCHITECTURES[name].build.partition(":")
    model: nn.Module = getattr(import_module(module), function)(weights=None, num_classes=num_classes)
    return model


def initial_weights(name: str, seed: int) -> dict[str, torch.Tensor]:
    """Return the first weights of a run; they follow from the seed alone.

    The caller's random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return dict(build_model(name).state_dict())
