"""``metrics`` of ``model_meta.json``: every test figure with the cases it rests on and how sure it is."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from common.artifacts.words import recorded_interval
from common.labels import CLASSES
from common.metrics import calibration, fairness, intervals
from common.metrics.case_figures import case_figures, score_counts
from common.metrics.confusion import Confusion, Figures, add_confusions, figures, is_few
from common.metrics.evaluation import EvaluateResult
from common.metrics.intervals import Interval
from common.metrics.likeness.figures import likeness_figures

WILSON = "Wilson; F1 from Wilson's for TP / (TP + FP + FN)"


def metrics_json(
    tests: Mapping[str, EvaluateResult], best_val_accuracy: float, temperature: float | None
) -> dict[str, Any]:
    """Return version 1's figures from the hospitals' sums, and each hospital's own.

    Parameters
    ----------
    best_val_accuracy : float
        Of the best round, a fraction.
    temperature : float or None
        That the tests counted `EvaluateResult.calibrated_bins` with.
    """
    results = list(tests.values())
    confusion = add_confusions(test.confusion for test in results)
    overall = figures(confusion)
    spread = fairness.fairness({name: test.confusion for name, test in tests.items()})
    return {
        "test_accuracy": overall.accuracy,
        "avg_f1": overall.macro_f1,
        "avg_precision": overall.macro_precision,
        "avg_recall": overall.macro_recall,
        "per_class": _per_class(overall, confusion),
        "confusion_matrix": confusion.tolist(),
        "best_val_accuracy": best_val_accuracy,
        "test_loss": _mean_loss(results),
        "intervals": _intervals(confusion, results),
        "macro_classes": overall.macro_classes,
        "per_hospital": {name: _hospital(name, test, temperature) for name, test in tests.items()},
        "fairness": spread.to_json() if spread else None,
        "calibration": _calibration(results, temperature),
        "figures": case_figures([test.cases for test in results]),
        "score_counts": score_counts([test.cases for test in results]),
        "likeness": likeness_figures({name: test.cases for name, test in tests.items()}),
    }


def _hospital(name: str, test: EvaluateResult, temperature: float | None) -> dict[str, Any]:
    result = figures(test.confusion)
    return {
        "test_accuracy": result.accuracy,
        "interval": intervals.accuracy_interval(test.confusion),
        "n_test": test.samples,
        "macro_f1": result.macro_f1,
        "macro_classes": result.macro_classes,
        "confusion_matrix": test.confusion.tolist(),
        "per_class": _per_class(result, test.confusion),
        "test_loss": _mean_loss([test]),
        "intervals": _intervals(test.confusion, [test]),
        "calibration": _calibration([test], temperature),
        "figures": case_figures([test.cases]),
        "likeness": likeness_figures({name: test.cases}),
    }


def test_interval(test: EvaluateResult) -> Interval | None:
    """Return the one 95 % interval of a test's accuracy, as it is read from ``model_meta.json`` afterwards."""
    return recorded_interval(_intervals(test.confusion, [test]), "test_accuracy")


def _per_class(result: Figures, confusion: Confusion) -> dict[str, dict[str, Any]]:
    """Return each class's figures, with the slices that were named so (what precision rests on) and a mark."""
    return {
        name: {**asdict(value), "predicted": int(confusion[:, i].sum()), "few_cases": is_few(value.support)}
        for i, (name, value) in enumerate(result.per_class.items())
    }


def _intervals(confusion: Confusion, results: Sequence[EvaluateResult]) -> dict[str, Any]:
    """Return the 95 % intervals of each figure that rests on a case: Wilson's, and the bootstrap's beside them."""
    hits, support, named = np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    counts = list(zip(CLASSES, hits.tolist(), support.tolist(), named.tolist(), strict=True))
    return {
        "test_accuracy": intervals.accuracy_interval(confusion),
        "per_class_recall": {
            name: list(ends) for name, hit, cases, _ in counts if (ends := intervals.wilson(hit, cases))
        },
        "per_class_precision": {
            name: list(ends) for name, hit, _, said in counts if (ends := intervals.wilson(hit, said))
        },
        "per_class_f1": {
            name: list(ends) for name, hit, cases, said in counts if (ends := intervals.f1_interval(hit, cases, said))
        },
        "method": WILSON,
        "bootstrap": _bootstrap(confusion, results),
    }


def _bootstrap(confusion: Confusion, results: Sequence[EvaluateResult]) -> dict[str, Any] | None:
    """Return the intervals of the bootstrap over groups, None where there are no two groups to draw from."""
    drawn, groups = intervals.add_replicates(test.replicates for test in results), sum(test.groups for test in results)
    if not len(drawn) or groups < 2:
        return None
    found = asdict(intervals.bootstrap_intervals(drawn, confusion))
    by_class = {f"per_class_{name}": found.pop(name) for name in ("precision", "recall", "f1")}
    return {
        "method": intervals.METHOD,
        "replicates": len(drawn),
        "groups": groups,
        "test_accuracy": found.pop("accuracy"),
        **found,
        **by_class,
    }


def _calibration(results: Sequence[EvaluateResult], temperature: float | None) -> dict[str, Any]:
    """Return counts by confidence and their error, as the model states it and at the temperature."""
    plain = calibration.to_json(calibration.add_bins([test.bins for test in results]))
    if temperature is None:
        return plain
    calibrated = calibration.to_json(calibration.add_bins([test.calibrated_bins for test in results]))
    return {**plain, "calibrated_bins": calibrated["bins"], "calibrated_ece": calibrated["ece"]}


def _mean_loss(results: Sequence[EvaluateResult]) -> float | None:
    samples = sum(test.samples for test in results)
    return sum(test.loss_sum for test in results) / samples if samples else None
