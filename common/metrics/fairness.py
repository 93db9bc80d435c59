"""How evenly a model serves the hospitals: the worst of them, the gap, the spread.

Classes that one hospital alone holds: there a model can learn the site instead of the disease.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from common.labels import CLASSES
from common.metrics.confusion import Confusion
from common.metrics.intervals import Interval, wilson


@dataclass(frozen=True)
class Fairness:
    """The spread of the hospitals' accuracies; each hospital counts once, whatever its size.

    Attributes
    ----------
    worst_hospital, best_hospital : str
        By name; of equals the first.
    worst_accuracy, best_accuracy : float
        Fractions.
    worst_samples : int
        Slices that the worst accuracy rests on.
    worst_interval : tuple of float
        Wilson's 95 % interval of it.
    gap : float
        Best minus worst, a fraction.
    standard_deviation : float
        Of the hospitals' accuracies (population, as in Li et al., q-FFL, ICLR 2020), a fraction.
    """

    worst_hospital: str
    worst_accuracy: float
    worst_samples: int
    worst_interval: Interval
    best_hospital: str
    best_accuracy: float
    gap: float
    standard_deviation: float

    def to_json(self) -> dict[str, Any]:
        """Return what ``training_history.json`` and ``model_meta.json`` keep."""
        return {**asdict(self), "worst_interval": list(self.worst_interval)}


def fairness(confusions: Mapping[str, Confusion]) -> Fairness | None:
    """Compare hospitals.

    Parameters
    ----------
    confusions : mapping of str to ndarray of int64, shape [4, 4]
        By hospital name; one without a case is left out.

    Returns
    -------
    Fairness or None
        None where fewer than two hospitals have cases: then there is nothing to compare.
    """
    counts = {name: (int(np.trace(matrix)), int(matrix.sum())) for name, matrix in confusions.items() if matrix.any()}
    if len(counts) < 2:
        return None
    accuracy = {name: right / total for name, (right, total) in counts.items()}
    worst, best = min(accuracy, key=lambda name: accuracy[name]), max(accuracy, key=lambda name: accuracy[name])
    return Fairness(
        worst_hospital=worst,
        worst_accuracy=accuracy[worst],
        worst_samples=counts[worst][1],
        worst_interval=wilson(*counts[worst]) or (0.0, 1.0),
        best_hospital=best,
        best_accuracy=accuracy[best],
        gap=accuracy[best] - accuracy[worst],
        standard_deviation=float(np.std(list(accuracy.values()))),
    )


def held_alone(counts: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str]]:
    """Return class and hospital for each class that only one of several hospitals holds.

    Parameters
    ----------
    counts : mapping of str to mapping of str to int
        By hospital's name: slices by class; an absent class has none.

    Returns
    -------
    list of tuple of str
        In label order; empty for fewer than two hospitals.
    """
    if len(counts) < 2:
        return []
    holders = {label: [name for name, own in counts.items() if own.get(label)] for label in CLASSES}
    return [(label, names[0]) for label, names in holders.items() if len(names) == 1]
