import json

import numpy as np
import pytest

from common.artifacts.run_files import enter_totals, enter_validation
from common.artifacts.schema import Failure, HospitalRound, Round, to_json
from common.metrics.calibration import GRID
from common.metrics.evaluation import EvaluateResult
from common.metrics.intervals import wilson


def confusion(right: int, wrong: int) -> np.ndarray:
    counts = np.zeros((4, 4), np.int64)
    counts[0, 0], counts[1, 0] = right, wrong
    return counts


def validated(part: HospitalRound, right: int, wrong: int, loss: float) -> HospitalRound:
    cases = right + wrong
    enter_validation(part, EvaluateResult(cases, cases * loss, confusion(right, wrong), [], 0.1))
    return part


def row(record: Round, *sums: np.ndarray) -> dict:
    """The round as its file keeps it."""
    enter_totals(record, sums)
    return json.loads(json.dumps(to_json(record), allow_nan=False))


@pytest.fixture
def record():
    parts = {
        "A": HospitalRound(
            train_loss=1.0,
            train_accuracy=0.5,
            train_samples=30,
            train_steps=4,
            train_seconds=2.0,
            bytes_down=20,
            bytes_up=10,
        ),
        "B": HospitalRound(train_loss=2.0, train_accuracy=0.9, train_samples=10, bytes_down=10, bytes_up=10),
        "C": HospitalRound(bytes_down=10, bytes_up=0),
    }
    validated(parts["A"], 3, 1, 0.5)
    validated(parts["C"], 3, 9, 2.0)
    return Round(
        3,
        started_at="2026-11-23T06:15:00+00:00",
        seconds=9.5,
        lr=1e-3,
        asked=["A", "B", "C"],
        replied=["A", "B"],
        failed=[Failure("B", "evaluate", "no answer within 5 s"), Failure("C", "train", "it was not connected")],
        hospitals=parts,
    )


def test_figures_are_weighted_over_hospitals_by_samples(record):
    enter_totals(record, [])
    assert record.train_loss == pytest.approx((30 * 1.0 + 10 * 2.0) / 40)
    assert record.train_accuracy == pytest.approx((30 * 0.5 + 10 * 0.9) / 40)
    assert record.val_loss == pytest.approx((4 * 0.5 + 12 * 2.0) / 16)
    assert record.val_accuracy == pytest.approx(6 / 16)
    assert record.val_confusion_matrix == confusion(6, 10).tolist()
    assert record.validated == ["A", "C"]


def test_the_json_holds_who_did_what(record):
    content = row(record)
    assert content["epoch"] == 3
    assert (content["asked"], content["replied"]) == (["A", "B", "C"], ["A", "B"])
    assert content["failed"][1] == {"hospital": "C", "phase": "train", "reason": "it was not connected"}
    assert (content["bytes_down"], content["bytes_up"]) == (40, 20)
    assert list(content["hospitals"]) == ["A", "B", "C"]
    assert content["hospitals"]["A"]["val_accuracy"] == 0.75
    assert content["val_confusion_matrix"] == confusion(6, 10).tolist()


def test_keys_are_absent_where_a_hospital_did_not_answer(record):
    hospitals = row(record)["hospitals"]
    assert not [key for key in hospitals["B"] if key.startswith("val_")]
    assert not [key for key in hospitals["C"] if key.startswith("train_")]
    assert to_json(HospitalRound(bytes_down=0, bytes_up=0)) == {"bytes_down": 0, "bytes_up": 0}


def test_a_hospital_without_validation_slices_does_not_distort_the_mean(record):
    validated(record.hospitals["B"], 0, 0, 0.0)
    part = row(record)["hospitals"]["B"]
    assert (part["val_samples"], part["val_interval"]) == (0, None)
    assert record.val_loss == pytest.approx((4 * 0.5 + 12 * 2.0) / 16)
    assert record.val_accuracy == pytest.approx(6 / 16)


def test_pooled_training_stands_for_all_and_no_hospital_is_said_to_have_trained():
    parts = {name: validated(HospitalRound(bytes_down=0, bytes_up=0), 3, 1, 1.0) for name in "AB"}
    pooled = HospitalRound(train_loss=0.5, train_accuracy=0.75, train_samples=40, train_steps=7, train_seconds=2.0)
    content = row(Round(1, hospitals=parts, pooled=pooled))
    assert (content["train_loss"], content["train_accuracy"], content["val_loss"]) == (0.5, 0.75, 1.0)
    assert (content["asked"], content["replied"]) == ([], [])
    assert content["pooled"] == {
        "hospitals": ["A", "B"],
        "train_loss": 0.5,
        "train_accuracy": 0.75,
        "train_samples": 40,
        "train_steps": 7,
        "train_seconds": 2.0,
    }
    assert "train_loss" not in content["hospitals"]["A"]


def test_a_federations_round_has_no_such_key(record):
    assert "pooled" not in row(record)


def test_a_round_says_how_sure_and_how_evenly(record):
    content = row(record)
    assert content["val_samples"] == 16
    assert content["val_interval"] == list(wilson(6, 16))
    assert content["hospitals"]["A"]["val_interval"] == list(wilson(3, 4))
    assert content["val_macro_classes"] == content["hospitals"]["A"]["val_macro_classes"] == ["glioma", "meningioma"]
    assert content["fairness"]["worst_hospital"] == "C"
    assert content["fairness"]["gap"] == pytest.approx(0.75 - 0.25)
    assert content["temperature"] is None, "nobody sent sums"
    record.hospitals["C"] = HospitalRound()
    assert row(record)["fairness"] is None, "one hospital is compared with nobody"


def test_the_temperature_is_that_of_all_hospitals_sums(record):
    one, other = np.linspace(3.0, 1.0, 129), np.linspace(0.0, 1.5, 129) ** 2
    content = row(record, one, other)
    assert content["temperature"] == GRID[int(np.argmin(one + other))]
    assert not any("nll" in key for part in content["hospitals"].values() for key in part)
