"""The finished model's figures equal those of the predictions of all hospitals put together."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from common.artifacts.meta import FinishedRun, meta_json, split_remarks
from common.artifacts.words import no_shared_model
from common.labels import CLASSES
from common.metrics.calibration import add_sums, bin_confidences
from common.metrics.confusion import count_confusion
from common.metrics.evaluation import EvaluateResult
from common.metrics.intervals import Resampling, bootstrap_intervals, f1_interval, resample, wilson
from common.model.local_layers import EVERYTHING
from tests.support.descriptions import description


def predictions(seed: int, count: int, classes: int = 4):
    chance = np.random.default_rng(seed)
    true = chance.integers(0, classes, count)
    predicted = np.where(chance.random(count) < 0.7, true, chance.integers(0, 4, count))
    return true, predicted


def result(true, predicted, seed: int = 1) -> EvaluateResult:
    """Confidence 0.75, and 0.65 at the temperature; three slices a group."""
    plain, calibrated = (bin_confidences(np.full(len(true), level), true == predicted) for level in (0.75, 0.65))
    drawn = resample(true, predicted, Resampling(np.arange(len(true)) // 3, seed))
    confusion = count_confusion(true, predicted)
    return EvaluateResult(
        len(true), 0.5 * len(true), confusion, plain, 0.1, add_sums([]), calibrated, drawn, -(-len(true) // 3)
    )


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
        temperature=None,
        engine="ray",
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
    assert meta["split"] == {
        "grouped": True,
        "groups_across_splits": 2,
        "test_slices_trained_elsewhere": None,
        "test_patients_trained_elsewhere": None,
        "patients": {"train": 15, "val": 6, "test": 5, "source": "guessed"},
    }
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


def test_every_figure_has_its_cases_and_its_interval(run):
    metrics = meta_json(run)["metrics"]
    confusion = np.array(metrics["confusion_matrix"])
    ends = metrics["intervals"]
    for i, name in enumerate(CLASSES):
        hits, cases, named = int(confusion[i, i]), int(confusion[i].sum()), int(confusion[:, i].sum())
        own = metrics["per_class"][name]
        assert (own["support"], own["predicted"], own["few_cases"]) == (cases, named, cases < 20)
        assert ends["per_class_recall"][name] == list(wilson(hits, cases))
        assert ends["per_class_precision"][name] == list(wilson(hits, named)), "precision rests on what was named so"
        assert ends["per_class_f1"][name] == list(f1_interval(hits, cases, named))
    assert "Wilson" in ends["method"]
    assert metrics["per_hospital"]["Hospital B"]["per_class"]["notumor"]["few_cases"]


def test_the_bootstrap_over_all_hospitals_is_that_of_the_summed_draws(run):
    metrics = meta_json(run)["metrics"]
    drawn = sum(test.replicates for test in run.tests.values())
    expected = bootstrap_intervals(drawn, np.array(metrics["confusion_matrix"]))
    found = metrics["intervals"]["bootstrap"]
    assert (found["replicates"], found["groups"]) == (1000, 20 + 9)
    assert "stratified by hospital" in found["method"]
    assert found["test_accuracy"] == expected.accuracy
    assert found["macro_f1"] == expected.macro_f1
    assert found["per_class_recall"] == expected.recall
    own = metrics["per_hospital"]["Hospital B"]["intervals"]["bootstrap"]
    assert own["groups"] == 9
    assert "notumor" not in own["per_class_recall"]


def test_without_draws_or_with_one_group_there_is_no_bootstrap(run):
    plain = {name: replace(test, replicates=test.replicates[:0], groups=0) for name, test in run.tests.items()}
    assert meta_json(replace(run, tests=plain))["metrics"]["intervals"]["bootstrap"] is None
    single = {"Hospital A": replace(run.tests["Hospital A"], groups=1)}
    assert meta_json(replace(run, tests=single))["metrics"]["intervals"]["bootstrap"] is None


def test_fairness_calibration_and_warnings(run):
    meta = meta_json(replace(run, temperature=1.5))
    metrics = meta["metrics"]
    accuracy = {name: own["test_accuracy"] for name, own in metrics["per_hospital"].items()}
    assert metrics["fairness"]["gap"] == pytest.approx(max(accuracy.values()) - min(accuracy.values()))
    assert meta["temperature"] == 1.5
    right = metrics["test_accuracy"]
    assert metrics["calibration"]["ece"] == pytest.approx(abs(right - 0.75))
    assert metrics["calibration"]["calibrated_ece"] == pytest.approx(abs(right - 0.65))
    assert [warning["code"] for warning in meta["warnings"]] == ["EVAL001"], "hospital b shares two groups"
    plain = meta_json(run)
    assert plain["temperature"] is None
    assert "calibrated_ece" not in plain["metrics"]["calibration"]
    json.dumps(meta, allow_nan=False)


def test_what_a_runs_file_says_of_its_kind(run):
    meta = meta_json(run)
    assert {key: meta[key] for key in list(meta)[-6:]} == {
        "pooled": False,
        "model_tested": "fedavg, model of round 4",
        "notice": None,
        "no_shared_model": None,
        "personal_models": None,
        "privacy": {},
    }
    assert meta_json(replace(run, strategy="pooled"))["pooled"] is True
    own = meta_json(replace(run, strategy="local", keeps=EVERYTHING, token="ab", best_epochs={"A": 3}))
    assert own["personal_models"] == {"folder": "runs/ab", "best_epochs": {"A": 3}}
    assert own["no_shared_model"] == no_shared_model(EVERYTHING)


def test_slices_in_no_part_and_classes_not_tested_are_said():
    counts = {"train": {"glioma": 4, "pituitary": 2}, "val": {"glioma": 2}, "test": {"glioma": 2}}
    hospitals = [description("a", gap_count=1200), description("b", 6, 2, 2, gap_count=0, split_counts=counts)]
    gap, untested = split_remarks([hospitals[0], hospitals[1]])[:1], split_remarks([hospitals[1]])
    assert gap == ["In no part, since they may be of patients who are tested (slices): Hospital A 1,200."]
    assert untested == ["Not in this test, for want of separate groups of slices: pituitary at Hospital B."]
    assert split_remarks([description("b", 6, 2, 2, split_counts=counts)]) == []
