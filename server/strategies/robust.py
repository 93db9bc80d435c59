"""Models that a few wrong updates cannot carry away; every hospital counts the same, whatever its number of slices.

`Median` and `TrimmedMean`: Yin et al., Byzantine-robust distributed learning: towards optimal statistical rates,
ICML 2018. `Central` is Krum: Blanchard et al., Machine learning with adversaries: Byzantine tolerant gradient descent,
NeurIPS 2017. Statistics of batch normalisation go through the same operator as the weights, since a mean would let one
wrong hospital in by that door; all three choose among positive variances or average them, so they stay positive.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from flwr.app import Array, ArrayRecord, RecordDict
from flwr.serverapp import strategy as flower
from flwr.serverapp.strategy.multikrum import select_multikrum

from common.model.weights import Arrays, is_weight, weights_of
from common.protocol import names
from server.strategies.combining import Combining
from server.strategies.updates import Updates

log = logging.getLogger("server")


class _Robust(Combining):
    """Flower's operator, tensor by tensor."""

    needs_all = True

    def _next_model(
        self, server_round: int, updates: Updates, reference: Mapping[str, npt.NDArray[np.generic]]
    ) -> Arrays:
        """Combine every tensor alike; counters become whole numbers again."""
        combined = self._as_flower_does(server_round, list(updates.read()), updates.samples)
        return {
            name: np.rint(value) if not is_weight(name) and reference[name].dtype.kind in "iu" else value
            for name, value in combined.items()
        }


class Median(_Robust, flower.FedMedian):
    """FedMedian: each weight is the median of the hospitals' weights."""


class TrimmedMean(_Robust, flower.FedTrimmedAvg):
    """FedTrimmedAvg: each weight is the mean without the largest and the smallest values."""


class Central(Combining, flower.Krum):
    """Krum: the one model that is nearest to its neighbours, whole, with its own statistics."""

    needs_all = True

    def _next_model(
        self, server_round: int, updates: Updates, reference: Mapping[str, npt.NDArray[np.generic]]
    ) -> Arrays:
        """Choose by the hospitals' steps.

        The distance of two models is that of their steps, but Flower computes it as ``|x|^2 + |y|^2 - 2xy``; of whole
        models in float32 that would be the rounding of their length.
        """
        models = list(updates.read())
        steps = [_record(_way(model, reference)) for model in models]
        (chosen,) = select_multikrum(steps, self.num_malicious_nodes, 1)
        index = next(index for index, step in enumerate(steps) if step is chosen)
        log.info("round %d: krum takes the model of %s", server_round, updates.hospitals[index])
        return models[index]


def _way(model: Arrays, reference: Mapping[str, npt.NDArray[np.generic]]) -> Arrays:
    """Return how far the weights went, in float64."""
    return {name: np.subtract(value.astype(np.float64), reference[name]) for name, value in weights_of(model).items()}


def _record(arrays: Arrays) -> RecordDict:
    return RecordDict({names.ARRAYS: ArrayRecord({name: Array(value) for name, value in arrays.items()})})
