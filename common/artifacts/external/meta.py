"""``evaluation_meta.json``: how a finished model does at hospitals that did not train it, beside its own test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from common.artifacts.external.comparison import comparison_json
from common.artifacts.external.finished import FinishedModel
from common.artifacts.meta import cautions
from common.artifacts.meta_metrics import metrics_json
from common.artifacts.run_files import now
from common.artifacts.schema import to_json
from common.artifacts.values import count, mapping, matrix, number
from common.artifacts.words import measured_with
from common.labels import CLASSES, NUM_CLASSES
from common.metrics import intervals
from common.metrics.confusion import add_confusions, figures
from common.metrics.difference import difference_interval
from common.metrics.evaluation import EvaluateResult
from common.protocol.description import Description


@dataclass(frozen=True)
class FinishedEvaluation:
    """What the file is made of."""

    evaluation_id: str
    model: FinishedModel
    engine: str
    descriptions: Sequence[Description]
    """Every hospital that was there, in the order in which they were named."""
    stats: Mapping[str, Any]
    """What each holds, as ``dataset_stats.json`` says it."""
    tests: Mapping[str, EvaluateResult]
    """By hospital name."""
    trained_elsewhere: int | None
    """Evaluated slices of one hospital that another trained the model on; None where nobody could look."""
    missing: Sequence[str]
    versions: Mapping[str, str]
    settings: Mapping[str, Any]


def evaluation_json(done: FinishedEvaluation) -> dict[str, Any]:
    """Return ``evaluation_meta.json``."""
    model, meta = done.model, done.model.meta
    internal = mapping(meta.get("metrics"))
    temperature = number(meta.get("temperature"))
    return {
        "evaluation_id": done.evaluation_id,
        "of": model.run_id,
        "model_sha256": model.sha256,
        "ledger": meta.get("ledger"),
        "evaluated_at": now(),
        "hospitals": [_hospital(said, model) for said in done.descriptions],
        "missing_hospitals": list(done.missing),
        "metrics": metrics_json(_tests(done), number(internal.get("best_val_accuracy")) or 0.0, temperature),
        "internal": _internal(internal, measured_with(meta) or model.run_id),
        "elsewhere": _elsewhere(done, internal),
        "comparison": comparison_json(model, done.tests),
        "test_slices_trained_elsewhere": done.trained_elsewhere,
        "warnings": [to_json(each) for each in cautions(done.descriptions, None, done.trained_elsewhere)],
        "temperature": temperature,
        "classes": list(CLASSES),
        "image_size": model.image_size,
        "network": model.network,
        "synthetic": any(said.synthetic for said in done.descriptions),
        "datasets": done.stats,
        "engine": done.engine,
        "device": ", ".join(sorted({said.device for said in done.descriptions})),
        "versions": dict(done.versions),
        "settings": dict(done.settings),
    }


def _tests(done: FinishedEvaluation) -> dict[str, EvaluateResult]:
    """Return the tests; where only the model to compare with was trained, likeness is not to this one's slices."""
    trained = {said.name for said in done.descriptions if said.key in done.model.hospitals}
    return {name: test if name in trained else _without_likeness(test) for name, test in done.tests.items()}


def _without_likeness(test: EvaluateResult) -> EvaluateResult:
    return replace(test, cases=replace(test.cases, likeness=None)) if test.cases else test


def _hospital(said: Description, model: FinishedModel) -> dict[str, Any]:
    trained, other = said.key in model.hospitals, model.reference
    also = {"trained_reference": said.key in other.hospitals} if other else {}
    return {
        "key": said.key,
        "name": said.name,
        "trained": trained,
        "slices": len(said.test_idx),
        "files_sha256": said.files_sha256,
        "part": "its test slices" if trained or any(also.values()) else "every usable slice",
        **also,
    }


def _internal(metrics: Mapping[str, Any], tested: str) -> dict[str, Any]:
    """Return what the test of the run said, or of the run of its recipe, so that both can be read in one place."""
    keys = ("test_accuracy", "avg_f1", "intervals", "macro_classes", "confusion_matrix", "calibration")
    hospitals = mapping(metrics.get("per_hospital"))
    return {key: metrics.get(key) for key in keys} | {
        "of": tested,
        "n_test": sum(count(mapping(each).get("n_test")) or 0 for each in hospitals.values()),
    }


def _elsewhere(done: FinishedEvaluation, internal: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the accuracy at the hospitals that did not train the model, and how far it is from the run's own."""
    foreign = {said.name for said in done.descriptions if said.key not in done.model.hospitals}
    confusion = add_confusions(test.confusion for name, test in done.tests.items() if name in foreign)
    if not confusion.sum():
        return None
    inside = np.asarray(matrix(internal.get("confusion_matrix"), NUM_CLASSES) or np.zeros((NUM_CLASSES, NUM_CLASSES)))
    counts = [(int(np.trace(each)), int(each.sum())) for each in (confusion, inside)]
    found = figures(confusion)
    return {
        "hospitals": [name for name in done.tests if name in foreign],
        "n_test": counts[0][1],
        "test_accuracy": found.accuracy,
        "interval": intervals.accuracy_interval(confusion),
        "macro_f1": found.macro_f1,
        "macro_classes": found.macro_classes,
        "confusion_matrix": confusion.tolist(),
        "difference": found.accuracy - counts[1][0] / counts[1][1] if counts[1][1] else None,
        "difference_interval": difference_interval(*counts) if counts[1][1] else None,
    }
