from __future__ import annotations

import math

import pytest

from common.artifacts.privacy import words
from common.artifacts.privacy.guarantee import HospitalPrivacy, RunPrivacy
from tests.support.run_files import private


def test_a_promise_is_rounded_up_and_a_proof_down() -> None:
    assert [words.promised(value) for value in (0.004, 7.941, 7.9, 15.72, 999.9)] == [
        "0.01",
        "7.95",
        "7.9",
        "15.8",
        "1000",
    ]
    assert [words.proven(value) for value in (0.004, 7.949, 7.9, 15.79, 999.9)] == ["0", "7.94", "7.9", "15.7", "999"]
    assert words.proven(8 - 7.4) == "0.6", "floats are no reason to lose a hundredth"


@pytest.mark.parametrize(("epsilon", "delta", "most"), [(0.0, 0.0, 0.5), (math.log(3), 0.0, 0.75), (0.0, 0.5, 0.75)])
def test_the_highest_accuracy_of_an_attacker_by_hand(epsilon: float, delta: float, most: float) -> None:
    assert words.highest_accuracy(epsilon, delta) == pytest.approx(most)


def test_the_accuracy_is_that_of_the_best_test_between_two_answers() -> None:
    """Randomised response tells the truth with e^eps / (1 + e^eps): nobody is right more often, and it is eps-DP."""
    truth = math.exp(2.0) / (1 + math.exp(2.0))
    assert math.log(truth / (1 - truth)) == pytest.approx(2.0)
    assert words.highest_accuracy(2.0, 0.0) == pytest.approx(truth)


def test_what_epsilon_means_is_said_with_a_number_that_is_never_too_small() -> None:
    assert "at most 73.2 % of the time" in words.meaning(1.0, 1e-5)
    assert "at most 99.97 % of the time" in words.meaning(8.0, 1e-5)
    assert "reconstruction" not in words.meaning(8.0, 1e-5)
    assert "more than 99.99 % of the time" in words.meaning(1000.0, 1e-5)
    assert words.meaning(1000.0, 1e-5).endswith(words.RECONSTRUCTION)


@pytest.mark.parametrize("epsilon", [0.0, 1e-12, 709.0, 1e6])
def test_any_epsilon_can_be_explained(epsilon: float) -> None:
    assert "What epsilon" in words.meaning(epsilon, None)


def test_the_promise_names_the_budget_the_delta_and_the_hospital_that_spent_most() -> None:
    assert words.claim(private()) == (
        "Differential privacy per patient: epsilon at most 7.9 of 8 at every hospital (delta 1e-5)."
    )


def test_whom_the_promise_is_to_follows_from_what_hospitals_know() -> None:
    assert words.unit(private(unit="group")) == "group of related slices"
    mixed = RunPrivacy("dp_sgd", per_hospital={"A": HospitalPrivacy("patient"), "B": HospitalPrivacy("group")})
    assert words.unit(mixed) == "patient (at B: group of related slices)"
    assert "not recorded" in words.unit(RunPrivacy("dp_sgd", per_hospital={"A": HospitalPrivacy()}))


def test_a_hospital_without_a_record_is_named_and_the_promise_is_not_made_for_it() -> None:
    own = {"A": HospitalPrivacy("patient", epsilon=3.0), "B": HospitalPrivacy("patient")}
    partly = RunPrivacy("dp_sgd", 8.0, 1e-5, per_hospital=own)
    assert words.claim(partly).endswith("epsilon at most 3 of 8, not recorded for B (delta 1e-5).")
    assert partly.spent is None
    assert words.claim(RunPrivacy("dp_sgd", 8.0)).endswith("was set; what was spent is not recorded.")


def test_without_noise_nothing_is_promised() -> None:
    assert words.sentences(RunPrivacy("none")) == [words.NO_DP]
    assert words.sentences(RunPrivacy("secagg")) == [words.NO_DP, words.MASKED]
    assert words.sentences(RunPrivacy()) == [words.NOT_RECORDED]


def test_hospitals_that_tell_the_centre_are_spoken_of_only_where_noise_is_shared() -> None:
    assert words.colluding(private()) is None
    shared = private("dp_sgd_secagg")
    assert "at most 10.1 against the centre with one hospital, 15.8 with all but one" in (words.colluding(shared) or "")


def test_who_stopped_is_said_with_its_round() -> None:
    assert words.stopped(private(stopped=1)) == [
        "Phantom Kolkata stopped after 1 round of 4: its budget reached no further; it is still evaluated."
    ]


def test_what_epsilon_means_is_said_of_whom_it_counts_for() -> None:
    said = " ".join(words.sentences(private(unit="group")))
    assert "whoever gives a group of related slices a 50 % chance" in said
