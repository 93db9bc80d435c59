"""How evenly a model serves the hospitals: the worst of them, the gap, the spread; and classes that only one holds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from common.labels import CLASSES
from common.metrics.confusion import Confusion
from common.metrics.intervals import Interval, wilson


@dataclass(frozen=True)
class Fairness:
    """The spread of the hospitals' accuracies, fractions; each hospital counts once, whatever its size."""

    worst_hospital: str
    """By name; of equals the first."""
    worst_accuracy: float
    worst_samples: int
    """Slices that the worst accuracy rests on."""
    worst_interval: Interval
    """Wilson's 95 % interval of the worst accuracy."""
    best_hospital: str
    best_accuracy: float
    gap: float
    """Best minus worst."""
    standard_deviation: float
    """Of the hospitals' accuracies (population, as in Li et al., q-FFL, ICLR 2020)."""

    def to_json(self) -> dict[str, Any]:
        """Return what ``training_history.json`` and ``model_meta.json`` keep."""
        return {**asdict(self), "worst_interval": list(self.worst_interval)}


def fairness(confusions: Mapping[str, Confusion]) -> Fairness | None:
    """Compare hospitals by their names' confusion matrices; one without a case is left out.

    None where fewer than two have cases: then there is nothing to compare.
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


def exclusive_classes(counts: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str]]:
    """Return class and hospital for each class that only one of several hospitals holds, in label order.

    There a model can learn the site instead of the disease. `counts` holds slices by hospital and class.
    """
    if len(counts) < 2:
        return []
    holders = {label: [name for name, own in counts.items() if own.get(label)] for label in CLASSES}
    return [(label, names[0]) for label, names in holders.items() if len(names) == 1]
