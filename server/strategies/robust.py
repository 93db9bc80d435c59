"""Models that a few wrong updates cannot carry away; every hospital counts the same, whatever its number of slices.

FedMedian and FedTrimmedAvg: Yin et al., Byzantine-robust distributed learning: towards optimal statistical rates, ICML
2018. Krum: Blanchard et al., Machine learning with adversaries: Byzantine tolerant gradient descent, NeurIPS 2017.
Statistics of batch normalisation go through the same operator as the weights, since a mean would let one wrong hospital
in by that door; all three choose among positive variances or average them, so they stay positive. The results are those
of Flower's classes, to the bit, as a test shows.
"""

import logging
from abc import abstractmethod
from collections.abc import Mapping

import numpy as np

from common.model.weights import AnyArray, Arrays, is_weight, weights_of
from server.strategies.aggregator import Aggregator
from server.strategies.updates import Updates

log = logging.getLogger("server")


class _EachValue(Aggregator):
    """One operator over the hospitals, value by value."""

    def _combine(self, server_round: int, updates: Updates, reference: Mapping[str, AnyArray]) -> Arrays:
        """Combine every tensor alike; counters become whole numbers again."""
        models = list(updates.read())
        combined = {name: self._operator(np.stack([model[name] for model in models])) for name in reference}
        return {
            name: np.rint(value) if not is_weight(name) and reference[name].dtype.kind in "iu" else value
            for name, value in combined.items()
        }

    @abstractmethod
    def _operator(self, values: np.ndarray) -> np.ndarray:
        """Combine along the first axis, of hospitals."""


class FedMedian(_EachValue):
    """Each value is the median of the hospitals' values."""

    names = ("fedmedian",)

    def _operator(self, values: np.ndarray) -> np.ndarray:
        return np.median(values, axis=0)


class FedTrimmedAvg(_EachValue):
    """Each value is the mean without the largest and the smallest ones."""

    names = ("fedtrimmedavg",)

    def _operator(self, values: np.ndarray) -> np.ndarray:
        from scipy.stats import trim_mean  # a second, which the other strategies do without

        return trim_mean(values, self.settings.trim_fraction or 0.0, axis=0)


class Krum(Aggregator):
    """The one model that is nearest to its neighbours, whole, with its own statistics."""

    names = ("krum",)

    def _combine(self, server_round: int, updates: Updates, reference: Mapping[str, AnyArray]) -> Arrays:
        """Choose by the hospitals' steps: of whole models in float32 a distance would be rounding of their length."""
        models = list(updates.read())
        index = most_central([_way(model, reference) for model in models], self.settings.malicious_hospitals or 0)
        log.info("round %d: krum takes the model of %s", server_round, updates.hospitals[index])
        return models[index]


def most_central(steps: list[np.ndarray], malicious: int) -> int:
    """Return the index of the step with the smallest sum of squared distances to its ``n - malicious - 2`` nearest.

    Parameters
    ----------
    steps : list of ndarray of float64, shape [D]
        One a hospital.
    malicious : int
        How many of them may be wrong.
    """
    together = np.stack(steps)
    squares = np.square(together).sum(axis=1)
    distances = squares[:, None] + squares[None, :] - 2 * together @ together.T
    neighbours = max(1, len(steps) - malicious - 2)
    scores = [np.sum(row[np.argsort(row)[1 : neighbours + 1]]) for row in distances]
    return int(np.argsort(scores)[0])


def _way(model: Arrays, reference: Mapping[str, AnyArray]) -> np.ndarray:
    """Return how far the weights went, in one float64 vector."""
    return np.concatenate(
        [np.subtract(value.astype(np.float64), reference[name]).ravel() for name, value in weights_of(model).items()]
    )
