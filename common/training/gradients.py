"""What is added to the gradients of a local step, so that hospitals whose patients differ do not drift apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

Correction = Callable[[], None]


def proximal(model: nn.Module, mu: float) -> Correction | None:
    """Pull the weights back to where they are now.

    Adds ``mu * (w - w_start)``, the gradient of ``mu / 2 * ||w - w_start||^2``, to the gradient of every trainable
    weight (FedProx: Li et al., Federated optimization in heterogeneous networks, MLSys 2020, eq. 2). Statistics of
    batch normalisation have no gradient and are left alone.

    Parameters
    ----------
    model : nn.Module
        As received, before the first step.
    mu : float
        Weight of the term.

    Returns
    -------
    callable or None
        To be called between the gradients and the step; None for ``mu == 0``, which is plain training.
    """
    if mu == 0:
        return None
    pairs = [(weight, weight.detach().clone()) for weight in model.parameters() if weight.requires_grad]

    @torch.no_grad()
    def correct() -> None:
        for weight, start in pairs:
            if weight.grad is not None:
                weight.grad.add_(weight - start, alpha=mu)

    return correct


def controlled(model: nn.Module, shift: Mapping[str, npt.NDArray[np.generic]]) -> Correction:
    """Add a constant to the gradient of each weight: SCAFFOLD's ``c - c_i`` (see `common.training.control_variates`).

    Parameters
    ----------
    model : nn.Module
        On the device that shall train.
    shift : mapping of str to ndarray
        By the weights' names.

    Returns
    -------
    callable
        To be called between the gradients and the step.
    """
    pairs = [(weight, torch.from_numpy(np.array(shift[name])).to(weight)) for name, weight in model.named_parameters()]

    @torch.no_grad()
    def correct() -> None:
        for weight, constant in pairs:
            if weight.grad is not None:
                weight.grad.add_(constant)

    return correct
