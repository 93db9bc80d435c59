"""The finished model's figures equal those of the predictions of all hospitals put together."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from common.artifacts.meta import FinishedRun, meta_json
from common.calibration import bin_confidences
from common.evaluate import EvaluateResult
from common.labels import CLASSES
from common.metrics import count_confusion
from tests.common.descriptions import description


def predictions(seed: int, count: int, classes: int = 4):
    chance = np.random.default_rng(seed)
    true = chance.integers(0, classes, count)
    predicted = np.where(chance.random(count) < 0.7, true, chance.integers(0, 4, count))
    return true, predicted


def result(true, predicted) -> EvaluateResult:
    bins = bin_confidences(np.full(len(true), 0.75), true == predicted)
    return EvaluateResult(len(true), 0.5 * len(true), count_confusion(true, predicted), bins, 0.1)


@pytest.fixture
def run():
    tests = {"Hospital A": result(*predictions(1, 60)), "Hospital B": result(*predictions(2, 25, classes=3))}
    return FinishedRun(
        run_id="run-004",
        strategy="fedavg",
        seed=42,
        rounds=5,
        best_round=4,
        image_size=96,
        best_val_accuracy=0.8,
        device="cpu",
        descriptions=[description("a"), description("b", 9, 4, 3, groups_across_splits=2)],
        stats={},
        tests=tests,
        missing_hospitals=[],
        grouped=True,
        sha256="abc",
        versions={"flwr": "1"},
        settings={"rounds": 5},
    )


def test_figures_are_those_of_the_pooled_predictions(run):
    true, predicted = (np.concatenate(parts) for parts in zip(predictions(1, 60), predictions(2, 25, 3), strict=True))
    metrics = meta_json(run)["metrics"]
    assert metrics["test_accuracy"] == pytest.approx(accuracy_score(true, predicted))
    assert metrics["avg_f1"] == pytest.approx(f1_score(true, predicted, average="macro"))
    assert metrics["avg_precision"] == pytest.approx(precision_score(true, predicted, average="macro"))
    assert metrics["avg_recall"] == pytest.approx(recall_score(true, predicted, average="macro"))
    assert metrics["confusion_matrix"] == count_confusion(true, predicted).tolist()
    assert metrics["per_class"]["glioma"]["support"] == int((true == 0).sum())
    assert metrics["test_loss"] == pytest.approx(0.5)
    assert metrics["calibration"]["ece"] == pytest.approx(abs((true == predicted).mean() - 0.75))


def test_each_hospital_has_its_own_figures_and_means_over_the_classes_it_holds(run):
    own = meta_json(run)["metrics"]["per_hospital"]["Hospital B"]
    true, predicted = predictions(2, 25, classes=3)
    assert own["n_test"] == 25
    assert own["test_accuracy"] == pytest.approx(accuracy_score(true, predicted))
    assert own["macro_classes"] == list(CLASSES[:3])
    assert own["macro_f1"] == pytest.approx(f1_score(true, predicted, labels=[0, 1, 2], average="macro"))
    low, high = own["interval"]
    assert 0 <= low < own["test_accuracy"] < high <= 1
    assert "notumor" not in own["intervals"]["per_class_recall"]


def test_counts_and_facts_come_from_the_descriptions(run):
    meta = meta_json(run)
    assert (meta["total_samples"], meta["train_samples"], meta["val_samples"], meta["test_samples"]) == (26, 15, 6, 5)
    assert meta["split"] == {"grouped": True, "groups_across_splits": 2}
    assert (meta["best_epoch"], meta["num_epochs"], meta["classes"]) == (4, 5, list(CLASSES))
    assert not meta["synthetic"]


def test_a_hospital_without_test_slices_or_without_an_answer_leaves_sound_json(run):
    nothing = np.zeros(0, np.int64)
    meta = meta_json(
        replace(run, tests={"Hospital A": run.tests["Hospital A"], "Hospital B": result(nothing, nothing)})
    )
    assert meta["metrics"]["per_hospital"]["Hospital B"]["interval"] is None
    assert meta["metrics"]["per_hospital"]["Hospital B"]["test_loss"] is None
    json.dumps(meta, allow_nan=False)
    alone = meta_json(replace(run, tests={"Hospital A": run.tests["Hospital A"]}))
    assert list(alone["metrics"]["per_hospital"]) == ["Hospital A"]
