"""``model_meta.json``: the finished model's figures, in version 1's keys with the hospitals' own beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np

from common.calibration import add_bins, to_json
from common.description import Description
from common.evaluate import EvaluateResult
from common.intervals import wilson
from common.labels import CLASSES, NUM_CLASSES
from common.metrics import Confusion, add_confusions, figures


@dataclass(frozen=True)
class FinishedRun:
    """What the meta file is made of.

    Attributes
    ----------
    run_id, strategy : str
        Which run, and how it aggregated.
    seed, rounds, best_round, image_size : int
        From the settings and the history.
    best_val_accuracy : float
        Of the best round, a fraction.
    device : str
        What the hospitals trained on.
    descriptions : sequence of Description
        Every hospital, in configured order.
    stats : mapping
        The content of ``dataset_stats.json``.
    tests : mapping of str to EvaluateResult
        By hospital name; a hospital that did not answer is absent.
    missing_hospitals : list of str
        Hospitals that missed at least one round, or the test.
    grouped : bool
        Whether duplicates and neighbours were kept on one side of the split.
    sha256 : str or None
        Of ``global_model.pth``; None where the hospitals share no model.
    versions : dict of str to str
        See `common.artifacts.status.versions`.
    settings : mapping
        The resolved configuration.
    """

    run_id: str
    strategy: str
    seed: int
    rounds: int
    best_round: int
    image_size: int
    best_val_accuracy: float
    device: str
    descriptions: Sequence[Description]
    stats: Mapping[str, Any]
    tests: Mapping[str, EvaluateResult]
    missing_hospitals: list[str]
    grouped: bool
    sha256: str | None
    versions: Mapping[str, str]
    settings: Mapping[str, Any]


def meta_json(run: FinishedRun) -> dict[str, Any]:
    """Return ``model_meta.json``."""
    hospitals = run.descriptions
    return {
        "trained_at": datetime.now().isoformat(),
        "num_classes": NUM_CLASSES,
        "num_epochs": run.rounds,
        "best_epoch": run.best_round,
        "device": run.device,
        "datasets": run.stats,
        "total_samples": sum(d.numbers["total_samples"] for d in hospitals),
        "train_samples": sum(len(d.train_idx) for d in hospitals),
        "val_samples": sum(len(d.val_idx) for d in hospitals),
        "test_samples": sum(len(d.test_idx) for d in hospitals),
        "metrics": _metrics(run),
        "run_id": run.run_id,
        "strategy": run.strategy,
        "seed": run.seed,
        "image_size": run.image_size,
        "precision": ", ".join(sorted({d.precision for d in hospitals})),
        "classes": list(CLASSES),
        "sha256": run.sha256,
        "synthetic": any(d.synthetic for d in hospitals),
        "missing_hospitals": run.missing_hospitals,
        "split": {"grouped": run.grouped, "groups_across_splits": sum(d.groups_across_splits for d in hospitals)},
        "versions": dict(run.versions),
        "settings": dict(run.settings),
    }


def _metrics(run: FinishedRun) -> dict[str, Any]:
    """Return version 1's figures from the summed confusion matrix, and each hospital's."""
    confusion = add_confusions(test.confusion for test in run.tests.values())
    overall = figures(confusion)
    bins = add_bins([test.bins for test in run.tests.values()])
    return {
        "test_accuracy": overall.accuracy,
        "avg_f1": overall.macro_f1,
        "avg_precision": overall.macro_precision,
        "avg_recall": overall.macro_recall,
        "per_class": {name: asdict(value) for name, value in overall.per_class.items()},
        "confusion_matrix": confusion.tolist(),
        "best_val_accuracy": run.best_val_accuracy,
        "test_loss": _mean_loss(list(run.tests.values())),
        "intervals": _intervals(confusion),
        "macro_classes": overall.macro_classes,
        "per_hospital": {name: _hospital(test) for name, test in run.tests.items()},
        "calibration": to_json(bins),
    }


def _hospital(test: EvaluateResult) -> dict[str, Any]:
    result = figures(test.confusion)
    return {
        "test_accuracy": result.accuracy,
        "interval": _accuracy_interval(test.confusion),
        "n_test": test.samples,
        "macro_f1": result.macro_f1,
        "macro_classes": result.macro_classes,
        "confusion_matrix": test.confusion.tolist(),
        "per_class": {name: asdict(value) for name, value in result.per_class.items()},
        "test_loss": _mean_loss([test]),
        "intervals": _intervals(test.confusion),
    }


def _intervals(confusion: Confusion) -> dict[str, Any]:
    """Return Wilson's 95 % intervals of the accuracy and of each class that has cases."""
    recall = {
        name: list(interval)
        for i, name in enumerate(CLASSES)
        if (interval := wilson(int(confusion[i, i]), int(confusion[i].sum())))
    }
    return {"test_accuracy": _accuracy_interval(confusion), "per_class_recall": recall}


def _accuracy_interval(confusion: Confusion) -> list[float] | None:
    interval = wilson(int(np.trace(confusion)), int(confusion.sum()))
    return list(interval) if interval else None


def _mean_loss(tests: Sequence[EvaluateResult]) -> float | None:
    samples = sum(test.samples for test in tests)
    return sum(test.loss_sum for test in tests) / samples if samples else None
