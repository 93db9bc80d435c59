"""``model_meta.json``: the finished model's figures, in version 1's keys with the hospitals' own beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.artifacts.cautions import cautions, to_json
from common.artifacts.meta_metrics import metrics_json
from common.labels import CLASSES, NUM_CLASSES
from common.metrics.evaluation import EvaluateResult
from common.protocol.description import Description


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
    temperature : float or None
        That makes the best round's confidence honest on the validation slices; None where none was fitted.
    engine : str
        What carried the messages.
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
    test_slices_trained_elsewhere : int or None
        Test slices of one hospital that another trains on; None where the hospitals were not compared.
    """

    run_id: str
    strategy: str
    seed: int
    rounds: int
    best_round: int
    image_size: int
    best_val_accuracy: float
    temperature: float | None
    engine: str
    device: str
    descriptions: Sequence[Description]
    stats: Mapping[str, Any]
    tests: Mapping[str, EvaluateResult]
    missing_hospitals: list[str]
    grouped: bool
    sha256: str | None
    versions: Mapping[str, str]
    settings: Mapping[str, Any]
    test_slices_trained_elsewhere: int | None = None


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
        "metrics": metrics_json(run.tests, run.best_val_accuracy, run.temperature),
        "temperature": run.temperature,
        "warnings": to_json(cautions(hospitals, run.temperature, run.test_slices_trained_elsewhere)),
        "run_id": run.run_id,
        "strategy": run.strategy,
        "engine": run.engine,
        "seed": run.seed,
        "image_size": run.image_size,
        "precision": ", ".join(sorted({d.precision for d in hospitals})),
        "classes": list(CLASSES),
        "sha256": run.sha256,
        "synthetic": any(d.synthetic for d in hospitals),
        "missing_hospitals": run.missing_hospitals,
        "split": {
            "grouped": run.grouped,
            "groups_across_splits": sum(d.groups_across_splits for d in hospitals),
            "test_slices_trained_elsewhere": run.test_slices_trained_elsewhere,
        },
        "versions": dict(run.versions),
        "settings": dict(run.settings),
    }
