"""SCAFFOLD: hospitals correct each step by the difference of all hospitals' mean gradient and their own.

Karimireddy et al., Stochastic controlled averaging for federated learning, ICML 2020, algorithm 1 with option II (see
`common.training.gradients` for the formulas). A hospital keeps its control variate c_i; the server holds their
mean c. Two things differ from the paper. Hospitals count by their training slices, in the model and in c, so that the
fixed point is that of all slices together; with equal numbers it is the paper's. And a hospital that joins late begins
with ``c_i = c``, that is with a round of FedAvg, where the paper's ``c_i = 0`` would double its first steps.
"""

from collections.abc import Mapping

import numpy as np

from common.config.strategies import StrategySettings
from common.model.weights import AnyArray, Arrays
from common.protocol.plan import Plan
from common.training.gradients import mean_gradient, summed_rates
from server.strategies.aggregator import Memory
from server.strategies.averaging import FedAvg
from server.strategies.updates import Updates

_CONTROL, _TAUGHT = "control", "taught"


class Scaffold(FedAvg):
    """FedAvg whose hospitals train with control variates."""

    names = ("scaffold",)

    def __init__(self, settings: StrategySettings, plan: Plan) -> None:
        super().__init__(settings, plan)
        self._control: Arrays = {}
        self._taught: dict[str, float] = {}

    def global_control(self) -> Arrays:
        """Return the mean control variate; empty before the first round."""
        return self._control

    def memory(self) -> Memory:
        """Return the mean control variate, and the slices of each hospital that has part in it."""
        if not self._control:
            return {}
        return {_CONTROL: self._control, _TAUGHT: {key: np.array(count) for key, count in self._taught.items()}}

    def recall(self, memory: Memory) -> None:
        """Take up both."""
        if memory:
            self._control = dict(memory[_CONTROL])
            self._taught = {key: count.item() for key, count in memory[_TAUGHT].items()}

    def _combine(self, server_round: int, updates: Updates, reference: Mapping[str, AnyArray]) -> Arrays:
        new = super()._combine(server_round, updates, reference)
        self._control = self._next_control(server_round, updates, reference)
        self._taught = self._taught | dict(zip(updates.hospitals, updates.weights, strict=True))
        return new

    def _step(self, server_round: int, start: Arrays, mean: Arrays) -> Arrays:
        lr = self.settings.server_lr or 0.0
        return {name: np.add(array, lr * np.subtract(mean[name], array)) for name, array in start.items()}

    def _next_control(self, server_round: int, updates: Updates, reference: Mapping[str, AnyArray]) -> Arrays:
        """Return the mean of all control variates, of which those that taught in this round are new.

        A hospital's changes by ``(x - y) / rates - c``, and by ``(x - y) / rates`` where it had none. With n its slices
        and N those of all, the new mean is c times the share of those that did not teach, and the sum of
        ``n / N * (x - y) / rates``. That sum is a mean of the models, too, counted by ``n / rates``.
        """
        rates = [summed_rates(count, self.plan.train, server_round, self.plan.rounds) for count in updates.samples]
        shares = [count / rate for count, rate in zip(updates.weights, rates, strict=True)]
        everybody = self._taught | dict(zip(updates.hospitals, updates.weights, strict=True))
        total = sum(everybody.values())
        silent = sum(count for key, count in self._taught.items() if key not in updates.hospitals)
        seen = mean_gradient(reference, updates.weighted_mean(reference, shares), total / sum(shares))
        if not silent:
            return seen
        return {name: np.add(np.multiply(self._control[name], silent / total), array) for name, array in seen.items()}
