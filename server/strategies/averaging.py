"""The mean of the hospitals' models, weighted by their training slices.

`Averaging` is FedAvg (McMahan et al., Communication-efficient learning of deep networks from decentralized data,
AISTATS 2017). FedProx (Li et al., Federated optimization in heterogeneous networks, MLSys 2020) averages alike; what
differs is the hospitals' training (see `common.training.gradients`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from common.model.weights import Arrays, weights_of
from server.strategies.combining import Combining
from server.strategies.updates import Updates


class Averaging(Combining):
    """FedAvg, and what starts from its mean: `_step` says how far the server goes towards it."""

    def _next_model(
        self, server_round: int, updates: Updates, reference: Mapping[str, npt.NDArray[np.generic]]
    ) -> Arrays:
        """Average everything; then take the server's step with the weights alone."""
        mean = updates.mean(reference)
        return mean | self._step(server_round, weights_of(reference), weights_of(mean))

    def _step(self, server_round: int, start: Arrays, mean: Arrays) -> Arrays:
        """Return the new weights, from those that were sent and the hospitals' mean."""
        return mean
