"""The server takes the way from the model to the hospitals' mean as a gradient, and lets an optimiser make the step.

FedAvgM: Hsu et al., Measuring the effects of non-identical data distribution for federated visual classification,
2019. FedAdam, FedYogi: Reddi et al., Adaptive federated optimization, ICLR 2021. The formulas are Flower's classes;
where they differ from the papers, `docs/strategies.md` says so. Only weights take part: a variance that is moved by
momentum could become negative.
"""

from __future__ import annotations

from collections.abc import Sequence

from flwr.app import Array, ArrayRecord
from flwr.serverapp import strategy as flower
from flwr.serverapp.strategy.fedopt import FedOpt

from common.model.weights import Arrays
from server.strategies.averaging import Averaging
from server.strategies.combining import Memory


class Momentum(Averaging, flower.FedAvgM):
    """FedAvgM; Flower holds the momentum as a list in the order of the weights."""

    _names: Sequence[str] = ()

    def _step(self, server_round: int, start: Arrays, mean: Arrays) -> Arrays:
        """Step from `start`; Flower would take its own last result, which a repeated round does not start from."""
        self._names = tuple(start)
        self.current_arrays = ArrayRecord({name: Array(value) for name, value in start.items()})
        return self._as_flower_does(server_round, [mean], [1])

    def memory(self) -> Memory:
        """Return the momentum."""
        if self.momentum_vector is None:
            return {}
        return {"momentum": dict(zip(self._names, self.momentum_vector, strict=True))}

    def recall(self, memory: Memory) -> None:
        """Take up the momentum."""
        if memory:
            self._names, self.momentum_vector = tuple(memory["momentum"]), list(memory["momentum"].values())


class _Adaptive(Averaging, FedOpt):
    """What FedAdam and FedYogi share: two means, of the steps and of their squares."""

    def _step(self, server_round: int, start: Arrays, mean: Arrays) -> Arrays:
        """Step from `start`."""
        self.current_arrays = dict(start)
        return self._as_flower_does(server_round, [mean], [1])

    def memory(self) -> Memory:
        """Return both means."""
        return {"m": self.m_t, "v": self.v_t} if self.m_t and self.v_t else {}

    def recall(self, memory: Memory) -> None:
        """Take up both means."""
        if memory:
            self.m_t, self.v_t = dict(memory["m"]), dict(memory["v"])


class Adam(_Adaptive, flower.FedAdam):
    """FedAdam."""


class Yogi(_Adaptive, flower.FedYogi):
    """FedYogi: as FedAdam, but the mean of the squares changes by a bounded amount."""
