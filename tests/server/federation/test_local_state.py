"""Which round's own tensors each hospital is told to take up: from the history alone."""

import pytest

from common.config.strategies import EVERYTHING, LOCAL_LAYERS, NORMALISATION, NOTHING
from common.protocol import names
from server.federation.local_state import Keeping, last_taught, own_best_round
from server.recording.checkpoint import RunProgress

TOKEN = "ab" * 16


def row(epoch: int, replied: str, accuracies: dict[str, float], loss: float = 1.0) -> dict:
    parts = {name: {"val_accuracy": value, "val_loss": loss} for name, value in accuracies.items()}
    return {"epoch": epoch, "replied": list(replied), "image_size": 64, "hospitals": {"C": {}, **parts}}


HISTORY = [
    row(1, "AB", {"A": 0.6, "B": 0.5}),
    row(2, "A", {"A": 0.7, "B": 0.6}),
    row(3, "AB", {"A": 0.8, "B": 0.6}),
    row(4, "B", {"A": 0.8}),
]


def keeping(keeps: str, rounds: int = 4, best: int = 3) -> Keeping:
    return Keeping(keeps, RunProgress({}, round=rounds, best_round=best, history=HISTORY[:rounds], token=TOKEN))


@pytest.mark.parametrize(
    ("name", "number", "expected"), [("A", 4, 3), ("A", 2, 2), ("B", 4, 4), ("B", 2, 1), ("C", 4, 0), ("A", 0, 0)]
)
def test_the_last_round_in_which_a_hospital_taught(name, number, expected):
    assert last_taught(HISTORY, name, number) == expected


@pytest.mark.parametrize(("name", "best"), [("A", 3), ("B", 2), ("C", 0)], ids=["the first of equals", "loss", "never"])
def test_a_hospitals_own_best_round(name, best):
    assert own_best_round(HISTORY, name) == best


def test_of_equal_accuracies_the_lower_loss():
    rows = [row(1, "A", {"A": 0.5}, loss=1.0), row(2, "A", {"A": 0.5}, loss=0.5), row(3, "A", {"A": 0.5}, loss=0.7)]
    assert own_best_round(rows, "A") == 2


def test_training_starts_from_what_was_accepted_and_the_best_is_held():
    assert keeping(NORMALISATION).to_train("A") == {names.RUN: TOKEN, names.OWN: 3, names.HOLD: 3}
    assert keeping(NORMALISATION).to_train("B") == {names.RUN: TOKEN, names.OWN: 4, names.HOLD: 3}
    assert keeping(NORMALISATION, best=2).to_train("B") == {names.RUN: TOKEN, names.OWN: 4, names.HOLD: 1}
    assert keeping(NORMALISATION, rounds=0, best=0).to_train("A") == {names.RUN: TOKEN, names.OWN: 0, names.HOLD: 0}


def test_validation_takes_the_round_just_trained_where_it_was_accepted():
    before = keeping(NORMALISATION, rounds=3)
    assert before.to_validate("B", 4, ["B"])[names.OWN] == 4
    assert before.to_validate("A", 4, ["B"])[names.OWN] == 3
    assert before.to_validate("C", 4, ["B"])[names.OWN] == 0


def test_the_test_takes_the_best_round_of_all_or_of_each_alone():
    assert [keeping(NORMALISATION).to_test(name)[names.OWN] for name in "ABC"] == [3, 3, 0]
    assert [keeping(EVERYTHING).to_test(name)[names.OWN] for name in "ABC"] == [3, 1, 0]
    assert [keeping(EVERYTHING).best_round(name) for name in "ABC"] == [3, 2, 0]


@pytest.mark.parametrize("keeps", LOCAL_LAYERS)
def test_where_nothing_is_kept_nothing_is_said(keeps):
    said = keeping(keeps)
    everything = (said.to_train("A"), said.to_validate("A", 5, ["A"]), said.to_test("A"))
    assert all(bool(one) == (keeps != NOTHING) for one in everything)
