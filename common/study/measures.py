"""What is compared: accuracy, macro F1 and each class's recall, of a confusion matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from common.labels import CLASSES
from common.metrics.confusion import Confusion, figures


@dataclass(frozen=True)
class Measure:
    """One figure.

    Attributes
    ----------
    key : str
        As in JSON: ``"accuracy"``, ``"macro_f1"``, ``"recall_glioma"``.
    title : str
        On the terminal.
    of : callable
        Confusion matrix ``[4, 4]`` to a fraction, or to None where there is no case.
    """

    key: str
    title: str
    of: Callable[[Confusion], float | None]


def _accuracy(confusion: Confusion) -> float | None:
    total = int(confusion.sum())
    return float(np.trace(confusion)) / total if total else None


def _macro_f1(confusion: Confusion) -> float | None:
    return figures(confusion).macro_f1 if confusion.sum() else None


def _recall(index: int, confusion: Confusion) -> float | None:
    cases = int(confusion[index].sum())
    return float(confusion[index, index]) / cases if cases else None


ACCURACY = Measure("accuracy", "accuracy", _accuracy)
MACRO_F1 = Measure("macro_f1", "macro F1", _macro_f1)
MEASURES: tuple[Measure, ...] = (
    ACCURACY,
    MACRO_F1,
    *(Measure(f"recall_{name}", f"recall {name}", partial(_recall, i)) for i, name in enumerate(CLASSES)),
)
