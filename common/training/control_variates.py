"""Control variates: the mean gradient that a hospital saw in a round, and that of all hospitals.

SCAFFOLD (Karimireddy et al., Stochastic controlled averaging for federated learning, ICML 2020), option II. There a
hospital takes K steps ``y <- y - eta * (g(y) - c_i + c)`` from x, and ``c_i <- c_i - c + (x - y) / (K eta)``. Here the
rate eta may change from step to step, so that the sum of the rates takes the place of ``K eta``: with it the new c_i is
the mean of the gradients g, each counted by its rate. Only weights have control variates.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from common.config.settings import TrainPlan
from common.model.weights import Arrays, weights_of
from common.training.learning_rate import rates_of_round
from common.training.train import steps_in_round


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
    return sum(rates_of_round(train, server_round, rounds, sum(steps_in_round(samples, train, server_round))))


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
