"""Figures from confusion matrices, which add up over hospitals: overall figures equal those of pooled predictions.

How many cases a figure must rest on before it says something.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.labels import CLASSES, NUM_CLASSES

Confusion = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClassFigures:
    """Figures of one class; fractions, and the number of its cases."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Figures:
    """Figures of a confusion matrix.

    Attributes
    ----------
    accuracy : float
        Share of right answers; 0 where there is no case.
    macro_precision, macro_recall, macro_f1 : float
        Means over `macro_classes`.
    macro_classes : list of str
        The classes that have at least one case; the others are left out of the means.
    per_class : dict of str to ClassFigures
        Every class, in label order.
    """

    accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    macro_classes: list[str]
    per_class: dict[str, ClassFigures]


def figures(confusion: Confusion) -> Figures:
    """Compute every figure with scikit-learn.

    Parameters
    ----------
    confusion : ndarray of int64, shape [4, 4]
        Row is the true class, column the predicted one.
    """
    from sklearn.metrics import precision_recall_fscore_support  # seconds, which who only reads figures does without

    true, predicted = np.indices(confusion.shape)
    support = confusion.sum(axis=1)
    present = np.flatnonzero(support)
    total = int(confusion.sum())
    if not total:
        nothing = ClassFigures(0.0, 0.0, 0.0, 0)
        return Figures(0.0, 0.0, 0.0, 0.0, [], dict.fromkeys(CLASSES, nothing))
    values = precision_recall_fscore_support(
        true.ravel(), predicted.ravel(), labels=range(NUM_CLASSES), sample_weight=confusion.ravel(), zero_division=0.0
    )
    precision, recall, f1 = (np.asarray(value, dtype=np.float64) for value in values[:3])

    def macro(value: npt.NDArray[np.float64]) -> float:
        return float(value[present].mean())

    return Figures(
        accuracy=float(np.trace(confusion)) / total,
        macro_precision=macro(precision),
        macro_recall=macro(recall),
        macro_f1=macro(f1),
        macro_classes=[CLASSES[index] for index in present],
        per_class={
            name: ClassFigures(float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
            for i, name in enumerate(CLASSES)
        },
    )


def add_confusions(parts: Iterable[Confusion]) -> Confusion:
    """Add confusion matrices, shape [4, 4]; none at all gives zeros."""
    return sum(parts, start=np.zeros((NUM_CLASSES, NUM_CLASSES), dtype=np.int64))


def count_confusion(
    true: Sequence[int] | npt.NDArray[np.int64], predicted: Sequence[int] | npt.NDArray[np.int64]
) -> Confusion:
    """Count true class (rows) against predicted class (columns), shape [4, 4]."""
    counts = np.zeros((NUM_CLASSES, NUM_CLASSES), dtype=np.int64)
    np.add.at(counts, (np.asarray(true, dtype=np.int64), np.asarray(predicted, dtype=np.int64)), 1)
    return counts


FEW_CASES = 20


def is_few(cases: int | None) -> bool:
    """Tell whether so few cases, none included, leave a class's figures nearly empty; an unknown number is not few."""
    return cases is not None and cases < FEW_CASES
