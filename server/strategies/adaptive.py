"""The server takes the way from the model to the hospitals' mean as a gradient, and lets an optimiser make the step.

FedAvgM: Hsu et al., Measuring the effects of non-identical data distribution for federated visual classification,
2019. FedAdam, FedYogi: Reddi et al., Adaptive federated optimization, ICLR 2021. The formulas are those of Flower's
classes, to the bit, as a test shows; where they differ from the papers, `docs/strategies.md` says so. Only weights take
part: a variance that is moved by momentum could become negative.
"""

import numpy as np

from common.config.strategies import StrategySettings
from common.model.weights import Arrays
from common.protocol.plan import Plan
from server.strategies.aggregator import Memory
from server.strategies.averaging import FedAvg


class FedAvgM(FedAvg):
    """FedAvg with momentum: the server goes on in the direction of the last rounds."""

    names = ("fedavgm",)

    def __init__(self, settings: StrategySettings, plan: Plan) -> None:
        super().__init__(settings, plan)
        self._momentum: Arrays = {}

    def _step(self, server_round: int, start: Arrays, mean: Arrays) -> Arrays:
        lr, momentum = self.settings.server_lr or 0.0, self.settings.server_momentum or 0.0
        if momentum == 0.0 and lr == 1.0:
            return mean
        way = {name: np.subtract(array, mean[name]) for name, array in start.items()}
        if momentum > 0.0:
            if self._momentum:
                way = {name: np.add(np.multiply(momentum, self._momentum[name]), step) for name, step in way.items()}
            self._momentum = way
        return {name: np.subtract(array, np.multiply(lr, way[name])) for name, array in start.items()}

    def memory(self) -> Memory:
        """Return the momentum."""
        return {"momentum": self._momentum} if self._momentum else {}

    def recall(self, memory: Memory) -> None:
        """Take up the momentum."""
        self._momentum = dict(memory.get("momentum", {}))


class FedAdam(FedAvg):
    """Adam's step towards the mean: running means of the ways and of their squares."""

    names = ("fedadam",)

    def __init__(self, settings: StrategySettings, plan: Plan) -> None:
        super().__init__(settings, plan)
        self._first: Arrays = {}
        self._second: Arrays = {}

    def _step(self, server_round: int, start: Arrays, mean: Arrays) -> Arrays:
        beta_1, tau = self.settings.beta_1 or 0.0, self.settings.tau or 0.0
        way = {name: np.subtract(mean[name], array) for name, array in start.items()}
        first = self._first or {name: np.zeros_like(array) for name, array in mean.items()}
        second = self._second or {name: np.zeros_like(array) for name, array in mean.items()}
        self._first = {
            name: np.add(np.multiply(beta_1, first[name]), np.multiply(1 - beta_1, way[name])) for name in way
        }
        self._second = {name: self._mean_square(second[name], np.square(way[name])) for name in way}
        rate = self._rate(server_round)
        return {
            name: np.add(array, np.multiply(rate, self._first[name]) / (np.sqrt(self._second[name]) + tau))
            for name, array in start.items()
        }

    def _mean_square(self, before: np.ndarray, square: np.ndarray) -> np.ndarray:
        beta_2 = self.settings.beta_2 or 0.0
        return beta_2 * before + (1 - beta_2) * square

    def _rate(self, server_round: int) -> float:
        """Return the rate with Adam's correction for the first rounds (Kingma and Ba, 2015, before section 2.1)."""
        rounds = server_round + 1.0
        beta_1, beta_2 = self.settings.beta_1 or 0.0, self.settings.beta_2 or 0.0
        return (self.settings.server_lr or 0.0) * np.sqrt(1 - np.power(beta_2, rounds)) / (1 - np.power(beta_1, rounds))

    def memory(self) -> Memory:
        """Return both means."""
        return {"m": self._first, "v": self._second} if self._first and self._second else {}

    def recall(self, memory: Memory) -> None:
        """Take up both means."""
        if memory:
            self._first, self._second = dict(memory["m"]), dict(memory["v"])


class FedYogi(FedAdam):
    """As FedAdam, but the mean of the squares changes by a bounded amount."""

    names = ("fedyogi",)

    def _mean_square(self, before: np.ndarray, square: np.ndarray) -> np.ndarray:
        return before - (1.0 - (self.settings.beta_2 or 0.0)) * square * np.sign(before - square)

    def _rate(self, server_round: int) -> float:
        return self.settings.server_lr or 0.0
