"""What is added to the gradients of a local step, so that hospitals whose patients differ do not drift apart.

Control variates: the mean gradient that a hospital saw in a round, and that of all hospitals.

SCAFFOLD (Karimireddy et al., Stochastic controlled averaging for federated learning, ICML 2020), option II. There a
hospital takes K steps ``y <- y - eta * (g(y) - c_i + c)`` from x, and ``c_i <- c_i - c + (x - y) / (K eta)``. Here the
rate eta may change from step to step, so that the sum of the rates takes the place of ``K eta``: with it the new c_i is
the mean of the gradients g, each counted by its rate. Only weights have control variates.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from common.config.settings import TrainPlan
from common.model.weights import Arrays, weights_of
from common.training.optim import rates_of_round, steps_in_round

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
    """Add a constant to the gradient of each weight: SCAFFOLD's ``c - c_i`` (see `common.training.gradients`).

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


def summed_rates(samples: int, train: TrainPlan, server_round: int, rounds: int) -> float:
    """Return the sum of the rates of a round's steps; server and hospital compute the same.

    Parameters
    ----------
    samples : int
        Training slices of the hospital.
    train : TrainPlan
        Steps and rates.
    server_round, rounds : int
        Present round, from 1, and rounds of the run.
    """
    return sum(rates_of_round(train, server_round, rounds, sum(steps_in_round(samples, train))))


def mean_gradient(
    start: Mapping[str, npt.NDArray[np.generic]], end: Mapping[str, npt.NDArray[np.generic]], rates: float
) -> Arrays:
    """Return the mean of the corrected gradients that led from one model to another, ``(x - y) / sum of rates``.

    Parameters
    ----------
    start, end : mapping of str to ndarray
        State dicts, or their weights.
    rates : float
        Of `summed_rates`.
    """
    return {name: np.subtract(array, end[name]) / rates for name, array in weights_of(start).items()}


def renewed(own: Arrays, everybody: Arrays, seen: Arrays) -> Arrays:
    """Return a hospital's new control variate, ``c_i - c`` and the mean corrected gradient it has just seen."""
    return {name: np.add(np.subtract(own[name], everybody[name]), seen[name]) for name in seen}
