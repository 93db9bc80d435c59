"""The mean of the hospitals' models, weighted by their training slices.

FedAvg: McMahan et al., Communication-efficient learning of deep networks from decentralized data, AISTATS 2017. FedProx
(Li et al., Federated optimization in heterogeneous networks, MLSys 2020) averages alike; what differs is the hospitals'
training (see `common.training.gradients`). FedBN is the mean of what travels, local training of nothing, and pooled
training has one update, whose mean it is.
"""

from collections.abc import Mapping
from typing import ClassVar

from common.model.weights import AnyArray, Arrays, weights_of
from server.strategies.aggregator import Aggregator
from server.strategies.updates import Updates


class FedAvg(Aggregator):
    """FedAvg, and what starts from its mean: `_step` says how far the server goes towards it."""

    names: ClassVar[tuple[str, ...]] = ("fedavg", "fedprox", "fedbn", "local", "pooled")

    def _combine(self, server_round: int, updates: Updates, reference: Mapping[str, AnyArray]) -> Arrays:
        """Average everything; then take the server's step with the weights alone."""
        mean = updates.weighted_mean(reference)
        return mean | self._step(server_round, weights_of(reference), weights_of(mean))

    def _step(self, server_round: int, start: Arrays, mean: Arrays) -> Arrays:
        """Return the new weights, from those that were sent and the hospitals' mean."""
        return mean
