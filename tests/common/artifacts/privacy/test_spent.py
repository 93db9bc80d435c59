"""What a run has cost, in words and in figures."""

from common.artifacts.privacy.spent import ended_sentence, last_spent, spent_sentence
from common.artifacts.run_files import enter_totals
from common.artifacts.schema import HospitalRound, Round, to_json
from common.config.privacy import PrivacySettings

DP = PrivacySettings("dp_sgd", epsilon=8.0, delta=1e-5)
ROWS = [
    to_json(Round(1, hospitals={"A": HospitalRound(epsilon=2.5), "B": HospitalRound(epsilon=7.912)})),
    to_json(Round(2, hospitals={"A": HospitalRound(epsilon=3.1), "B": HospitalRound(val_samples=4)}, stopped=["B"])),
]


def test_each_hospitals_last_figure_stands_after_it_has_stopped():
    assert spent_sentence(ROWS, DP) == "epsilon spent: A 3.1, B 7.92 of 8 (delta 1e-5)"
    assert {name: number for name, (number, _) in last_spent(ROWS).items()} == {"A": 2, "B": 1}


def test_without_noise_nothing_is_said():
    assert spent_sentence([to_json(Round(1, hospitals={"A": HospitalRound()}))], PrivacySettings()) is None
    assert spent_sentence([], DP) is None


def test_why_training_ended_is_one_sentence():
    assert ended_sentence(7, 15, 0, 1) == "Training ended after round 7 of 15: no hospital has privacy budget left."
    assert ended_sentence(7, 15, 1, 3).endswith("15: 1 hospital of the 3 that a round takes has privacy budget left.")
    assert ended_sentence(7, 15, 2, 3).endswith("15: 2 hospitals of the 3 that a round takes have privacy budget left.")


def test_a_loss_that_no_hospital_tells_is_no_zero():
    trained = {"A": HospitalRound(train_samples=30, epsilon=1.0), "B": HospitalRound(train_samples=10, epsilon=1.0)}
    record = Round(1, hospitals=trained)
    enter_totals(record, [])
    assert (record.train_loss, record.train_accuracy) == (None, None)
    trained["A"].train_loss, trained["A"].train_accuracy = 0.5, 0.75
    enter_totals(record, [])
    assert (record.train_loss, record.train_accuracy) == (0.5, 0.75)
