"""Brier score (*Monthly Weather Review* 78, 1950): the squared distance of probabilities and truth, as sums by class.

Over all four classes it is between 0 and 2, as Brier wrote it; a guess of a quarter each has 0.75.
"""

import numpy as np

from common.labels import NUM_CLASSES
from common.metrics.score_bins import Histograms, Labels, Probabilities, bin_ends


def brier_sums(probabilities: Probabilities, labels: Labels) -> tuple[float, ...]:
    """Sum the squared distances of each class's probability."""
    truth = np.eye(NUM_CLASSES)[np.asarray(labels, dtype=np.int64)]
    return tuple(float(value) for value in ((probabilities - truth) ** 2).sum(axis=0))


def brier_bounds(histograms: Histograms) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the least and the largest sums that cases with these scores can have, for each class."""
    low, high = bin_ends()
    own, others = histograms[:, 0], histograms[:, 1]
    least = own @ (1 - high) ** 2 + others @ low**2
    most = own @ (1 - low) ** 2 + others @ high**2
    return tuple(map(float, least)), tuple(map(float, most))
