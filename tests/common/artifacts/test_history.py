import json

import numpy as np
import pytest

from common.artifacts.history import Failure, HospitalRound, RoundRecord
from common.metrics.calibration import GRID
from common.metrics.intervals import wilson


def confusion(right: int, wrong: int) -> np.ndarray:
    counts = np.zeros((4, 4), np.int64)
    counts[0, 0], counts[1, 0] = right, wrong
    return counts


@pytest.fixture
def record():
    parts = {
        "A": HospitalRound(
            train_loss=1.0,
            train_accuracy=0.5,
            train_samples=30,
            train_steps=4,
            train_seconds=2.0,
            val_loss=0.5,
            val_samples=4,
            val_seconds=0.1,
            val_confusion=confusion(3, 1),
            bytes_down=20,
            bytes_up=10,
        ),
        "B": HospitalRound(train_loss=2.0, train_accuracy=0.9, train_samples=10, bytes_down=10, bytes_up=10),
        "C": HospitalRound(val_loss=2.0, val_samples=12, val_confusion=confusion(3, 9), bytes_down=10),
    }
    return RoundRecord(
        3,
        "2026-11-23T06:15:00+00:00",
        seconds=9.5,
        lr=1e-3,
        asked=["A", "B", "C"],
        replied=["A", "B"],
        failed=[Failure("B", "evaluate", "no answer within 5 s"), Failure("C", "train", "it was not connected")],
        hospitals=parts,
    )


def test_figures_are_weighted_over_hospitals_by_samples(record):
    assert record.train_loss == pytest.approx((30 * 1.0 + 10 * 2.0) / 40)
    assert record.train_accuracy == pytest.approx((30 * 0.5 + 10 * 0.9) / 40)
    assert record.val_loss == pytest.approx((4 * 0.5 + 12 * 2.0) / 16)
    assert record.val_accuracy == pytest.approx(6 / 16)
    assert record.val_confusion.tolist() == (confusion(6, 10)).tolist()
    assert record.validated == ["A", "C"]


def test_the_json_holds_who_did_what(record):
    content = json.loads(json.dumps(record.to_json(), allow_nan=False))
    assert content["epoch"] == 3
    assert (content["asked"], content["replied"]) == (["A", "B", "C"], ["A", "B"])
    assert content["failed"][1] == {"hospital": "C", "phase": "train", "reason": "it was not connected"}
    assert (content["bytes_down"], content["bytes_up"]) == (40, 20)
    assert list(content["hospitals"]) == ["A", "B", "C"]
    assert content["hospitals"]["A"]["val_accuracy"] == 0.75
    assert content["val_confusion_matrix"] == confusion(6, 10).tolist()


def test_keys_are_absent_where_a_hospital_did_not_answer(record):
    hospitals = record.to_json()["hospitals"]
    assert not [key for key in hospitals["B"] if key.startswith("val_")]
    assert not [key for key in hospitals["C"] if key.startswith("train_")]
    assert HospitalRound().to_json() == {"bytes_down": 0, "bytes_up": 0}


def test_a_hospital_without_validation_slices_does_not_distort_the_mean(record):
    record.hospitals["B"].val_loss, record.hospitals["B"].val_samples = 0.0, 0
    record.hospitals["B"].val_confusion = confusion(0, 0)
    assert record.val_loss == pytest.approx((4 * 0.5 + 12 * 2.0) / 16)
    assert record.val_accuracy == pytest.approx(6 / 16)


def test_pooled_training_stands_for_all_and_no_hospital_is_said_to_have_trained():
    parts = {name: HospitalRound(val_loss=1.0, val_samples=4, val_confusion=confusion(3, 1)) for name in "AB"}
    pooled = HospitalRound(train_loss=0.5, train_accuracy=0.75, train_samples=40, train_steps=7, train_seconds=2.0)
    content = RoundRecord(1, "2026-11-23T06:15:00+00:00", hospitals=parts, pooled=pooled).to_json()
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
    assert "pooled" not in record.to_json()


def test_a_round_says_how_sure_and_how_evenly(record):
    content = record.to_json()
    assert content["val_samples"] == 16
    assert content["val_interval"] == list(wilson(6, 16))
    assert content["hospitals"]["A"]["val_interval"] == list(wilson(3, 4))
    assert content["val_macro_classes"] == content["hospitals"]["A"]["val_macro_classes"] == ["glioma", "meningioma"]
    assert content["fairness"]["worst_hospital"] == "C"
    assert content["fairness"]["gap"] == pytest.approx(0.75 - 0.25)
    assert content["temperature"] is None, "nobody sent sums"
    record.hospitals["B"].val_confusion = record.hospitals["C"].val_confusion = None
    assert record.to_json()["fairness"] is None, "one hospital is compared with nobody"


def test_the_temperature_is_that_of_all_hospitals_sums(record):
    one, other = np.linspace(3.0, 1.0, 129), np.linspace(0.0, 1.5, 129) ** 2
    record.hospitals["A"].val_nll, record.hospitals["C"].val_nll = one, other
    assert record.to_json()["temperature"] == GRID[int(np.argmin(one + other))]
    assert not any("val_nll" in part for part in record.to_json()["hospitals"].values())
