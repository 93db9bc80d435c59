"""Sharpness-aware minimisation: a step's gradient is taken where the loss nearby is highest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def uphill(model: nn.Module, rho: float) -> Iterator[None]:
    """Move the weights up their gradients for the time of the block, and back to the bit in the end.

    The move is ``rho * g / ||g||``, over all weights together (Foret et al., Sharpness-aware minimization for
    efficiently improving generalization, ICLR 2021, eq. 2). Hospitals whose weights end in flat places lose less by
    being averaged (Qu et al., Generalized federated learning via sharpness aware minimization, ICML 2022).

    Parameters
    ----------
    model : nn.Module
        With the gradients of the present weights; those of the moved ones are to be computed inside the block. Batch
        normalisation keeps its running statistics there: they belong to the weights that the step starts from.
    rho : float
        Length of the move, above 0.
    """
    weights = [weight for weight in model.parameters() if weight.grad is not None]
    tracking = [each for each in model.modules() if isinstance(each, _BatchNorm) and each.track_running_stats]
    starts = [weight.detach().clone() for weight in weights]
    with torch.no_grad():
        gradients = [weight.grad for weight in weights]
        length = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(each) for each in gradients]))
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.add_(gradient * (rho / (length + 1e-12)))
    for each in tracking:
        each.track_running_stats = False
    try:
        yield
    finally:
        for each in tracking:
            each.track_running_stats = True
        with torch.no_grad():
            for weight, start in zip(weights, starts, strict=True):
                weight.copy_(start)
