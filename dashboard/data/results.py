"""Test figures of a run, per class and per hospital, each share with its 95 % interval and the cases it rests on.

Figures are worked out from the confusion matrices; their intervals are the recorded ones, as everywhere, or Wilson's
where none are recorded. A run without matrices shows its recorded figures, and an interval of its accuracy alone.
Beside them: how honest the stated confidence is, before and after the run's temperature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from common.artifacts import schema, words
from common.artifacts.values import count, mapping, matrix, number
from common.labels import CLASSES, NUM_CLASSES
from common.metrics.calibration import Bin, from_json
from common.metrics.confusion import Confusion, figures, is_few
from common.metrics.intervals import Interval, f1_interval, wilson
from dashboard.charts import formats

ALL = "All hospitals"
NO_COUNTS = "No intervals: this run recorded its figures without the counts behind them."
_MOST_SLICES = 10**12  # a damaged file may claim more than an integer holds


@dataclass(frozen=True)
class ClassResult:
    """The figures of one class."""

    name: str
    """As in ``CLASSES``."""
    support: int | None
    """Its test slices."""
    precision: formats.Share
    recall: formats.Share
    f1: formats.Share

    @property
    def few(self) -> bool:
        """Whether there are so few cases that the figures say little."""
        return is_few(self.support)


@dataclass(frozen=True)
class Result:
    """The figures of one test set."""

    title: str
    """The hospital, or ``"All hospitals"``."""
    n_test: int | None
    accuracy: formats.Share
    macro_f1: formats.Share
    """Mean over the classes that have test slices; only a bootstrap gives it an interval."""
    confusion: Confusion | None
    """Rows are true classes."""
    classes: tuple[ClassResult, ...]
    """In label order."""
    sure: str = NO_COUNTS
    """What the intervals are made of, a sentence."""


def overall_result(run: schema.Run) -> Result | None:
    """Return the test over all hospitals; None if the run recorded none."""
    return _result(ALL, run.metrics, macro_key="avg_f1", n_test=count(run.meta.get("test_samples")))


def hospital_results(run: schema.Run) -> dict[str, Result]:
    """Return the test at each hospital that recorded one, alphabetically; empty for version 1."""
    found = {}
    for name, raw in sorted(mapping(run.metrics.get("per_hospital")).items()):
        body = mapping(raw)
        result = _result(name, body, macro_key="macro_f1", n_test=count(body.get("n_test")))
        if result is not None:
            found[name] = result
    return found


def stated(run: schema.Run) -> list[Bin]:
    """Return the test slices by the confidence that the model states; empty where none are recorded."""
    return from_json(run.metrics.get("calibration"))


def calibrated(run: schema.Run) -> list[Bin]:
    """Return the same with the run's temperature; empty where there is none."""
    recorded = mapping(run.metrics.get("calibration")).get("calibrated_bins")
    return from_json({"bins": recorded}) if temperature(run) else []


def temperature(run: schema.Run) -> float | None:
    """Return what the predictor divides the scores by; None where none was fitted or recorded."""
    found = number(run.meta.get("temperature"))
    return found if found and found > 0 else None


def calibration_sentence(run: schema.Run) -> str:
    """Say how far stated confidence is from the share correct, and what the temperature makes of it."""
    return words.calibration(run.meta) or "Not recorded for this run."


def _result(title: str, body: Mapping[str, Any], *, macro_key: str, n_test: int | None) -> Result | None:
    cells = matrix(body.get("confusion_matrix"), NUM_CLASSES)
    if cells is not None and 0 < sum(map(sum, cells)) < _MOST_SLICES:
        return _counted(title, np.array(cells, dtype=np.int64), body)
    accuracy = _fraction(body.get("test_accuracy"))
    if accuracy is None:
        return None
    per_class = mapping(body.get("per_class"))
    classes = tuple(_recorded(name, mapping(per_class.get(name))) for name in CLASSES)
    return Result(
        title,
        n_test,
        formats.Share(accuracy, words.accuracy_interval(body, n_test)),
        formats.Share(_fraction(body.get(macro_key))),
        None,
        classes,
    )


def _counted(title: str, confusion: Confusion, body: Mapping[str, Any]) -> Result:
    """Work a result out; its intervals are the recorded ones where there are any."""
    found, recorded = figures(confusion), body.get("intervals")
    total, right = int(confusion.sum()), int(np.trace(confusion))
    accuracy = formats.Share(right / total, words.accuracy_interval(body))
    macro = formats.Share(found.macro_f1, words.recorded_interval(recorded, "macro_f1"))
    classes = tuple(_class(name, confusion, i, recorded) for i, name in enumerate(CLASSES))
    return Result(title, total, accuracy, macro, confusion, classes, words.how_sure(recorded))


def _class(name: str, confusion: Confusion, index: int, recorded: Any) -> ClassResult:
    right = int(confusion[index, index])
    support, said = int(confusion[index].sum()), int(confusion[:, index].sum())

    def share(figure: str, value: float, counted: Interval | None) -> formats.Share:
        return formats.Share(
            value, words.recorded_interval(recorded, f"per_class_{figure}", name, counted=lambda: counted)
        )

    precision = share("precision", right / said, wilson(right, said)) if said else formats.Share()
    if not support:
        return ClassResult(name, 0, precision, formats.Share(), formats.Share())
    f1 = share("f1", 2 * right / (support + said), f1_interval(right, support, said))
    return ClassResult(name, support, precision, share("recall", right / support, wilson(right, support)), f1)


def _recorded(name: str, body: Mapping[str, Any]) -> ClassResult:
    precision, recall, f1 = (formats.Share(_fraction(body.get(key))) for key in ("precision", "recall", "f1"))
    return ClassResult(name, count(body.get("support")), precision, recall, f1)


def _fraction(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and 0.0 <= found <= 1.0 else None
