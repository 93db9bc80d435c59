"""Test figures of a run, per class and per hospital, each share with its 95 % interval and the cases it rests on.

They are worked out from the confusion matrices, so that an interval never disagrees with its figure; a run that
recorded none shows its recorded figures without intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from common.artifacts.read_records import Run
from common.artifacts.read_values import count, mapping, matrix, number
from common.intervals import wilson
from common.labels import CLASSES, NUM_CLASSES
from common.metrics import Confusion, figures
from dashboard.data.shares import FEW_CASES, Share

ALL = "All hospitals"
_MOST_SLICES = 10**12  # a damaged file may claim more than an integer holds


@dataclass(frozen=True)
class ClassResult:
    """The figures of one class.

    Attributes
    ----------
    name : str
        As in ``CLASSES``.
    support : int or None
        Its test slices.
    precision, recall, f1 : Share
        F1's interval follows from that of TP / (TP + FP + FN), which is a share and rises with F1.
    """

    name: str
    support: int | None
    precision: Share
    recall: Share
    f1: Share

    @property
    def few(self) -> bool:
        """Whether there are so few cases that the figures say little."""
        return self.support is not None and self.support < FEW_CASES


@dataclass(frozen=True)
class Result:
    """The figures of one test set.

    Attributes
    ----------
    title : str
        The hospital, or ``"All hospitals"``.
    n_test : int or None
        Test slices.
    accuracy : Share
    macro_f1 : float or None
        Mean over the classes that have test slices.
    confusion : ndarray of int64, shape [4, 4], or None
        Rows are true classes.
    classes : tuple of ClassResult
        In label order.
    """

    title: str
    n_test: int | None
    accuracy: Share
    macro_f1: float | None
    confusion: Confusion | None
    classes: tuple[ClassResult, ...]


def overall_result(run: Run) -> Result | None:
    """Return the test over all hospitals; None if the run recorded none."""
    return _result(ALL, run.metrics, macro_key="avg_f1", n_test=count(run.meta.get("test_samples")))


def hospital_results(run: Run) -> dict[str, Result]:
    """Return the test at each hospital that recorded one, alphabetically; empty for version 1."""
    found = {}
    for name, raw in sorted(mapping(run.metrics.get("per_hospital")).items()):
        body = mapping(raw)
        result = _result(name, body, macro_key="macro_f1", n_test=count(body.get("n_test")))
        if result is not None:
            found[name] = result
    return found


def _result(title: str, body: Mapping[str, Any], *, macro_key: str, n_test: int | None) -> Result | None:
    cells = matrix(body.get("confusion_matrix"), NUM_CLASSES)
    if cells is not None and 0 < sum(map(sum, cells)) < _MOST_SLICES:
        return _counted(title, np.array(cells, dtype=np.int64))
    accuracy = _fraction(body.get("test_accuracy"))
    if accuracy is None:
        return None
    per_class = mapping(body.get("per_class"))
    classes = tuple(_recorded(name, mapping(per_class.get(name))) for name in CLASSES)
    return Result(title, n_test, Share(accuracy), _fraction(body.get(macro_key)), None, classes)


def _counted(title: str, confusion: Confusion) -> Result:
    found = figures(confusion)
    total, right = int(confusion.sum()), int(np.trace(confusion))
    classes = tuple(_class(name, confusion, i) for i, name in enumerate(CLASSES))
    return Result(title, total, _share(right, total), found.macro_f1, confusion, classes)


def _class(name: str, confusion: Confusion, index: int) -> ClassResult:
    right = int(confusion[index, index])
    support, said = int(confusion[index].sum()), int(confusion[:, index].sum())
    jaccard = _share(right, support + said - right)
    return ClassResult(name, support, _share(right, said), _share(right, support), _as_f1(jaccard, support))


def _share(hits: int, total: int) -> Share:
    return Share(hits / total, wilson(hits, total)) if total else Share()


def _as_f1(jaccard: Share, support: int) -> Share:
    """Turn TP / (TP + FP + FN) into F1 = 2 TP / (2 TP + FP + FN), ends included; none without a case of the class."""
    if jaccard.value is None or jaccard.interval is None or not support:
        return Share()
    low, high = jaccard.interval
    return Share(_f1(jaccard.value), (_f1(low), _f1(high)))


def _f1(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)


def _recorded(name: str, body: Mapping[str, Any]) -> ClassResult:
    precision, recall, f1 = (Share(_fraction(body.get(key))) for key in ("precision", "recall", "f1"))
    return ClassResult(name, count(body.get("support")), precision, recall, f1)


def _fraction(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and 0.0 <= found <= 1.0 else None
