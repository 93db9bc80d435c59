"""Networks by name, from scratch, for four classes."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from importlib import import_module

import numpy as np
import torch
from torch import nn

from common.config.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE
from common.labels import NUM_CLASSES
from common.model.weights import AnyArray


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


def empty_model(name: str) -> nn.Module:
    """Return a network whose tensors have shapes and no memory, for `torch.nn.Module.load_state_dict` to fill."""
    return deepcopy(_skeleton(name))


@cache
def _skeleton(name: str) -> nn.Module:
    with torch.device("meta"):
        return build_model(name)


@cache
def tensor_shapes(name: str) -> Mapping[str, AnyArray]:
    """Return a network's state_dict as arrays of zeros that take no memory: names, shapes and types alone."""
    state = _skeleton(name).state_dict()
    kinds = {key: torch.empty(0, dtype=tensor.dtype).numpy().dtype for key, tensor in state.items()}
    return {key: np.broadcast_to(np.zeros((), kinds[key]), tuple(tensor.shape)) for key, tensor in state.items()}
