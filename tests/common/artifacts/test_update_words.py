"""Unusual updates are named, and so is how little protects few hospitals."""

import pytest

from common.artifacts.schema import HospitalRound, Round
from common.artifacts.update_words import protection, relative_lengths, unusual_updates


def round_of(*parts: tuple[float | None, float | None, float]) -> Round:
    names = (f"H{number}" for number in range(len(parts)))
    hospitals = {
        name: HospitalRound(update_norm=norm, update_cosine=cosine, update_kept=kept)
        for name, (norm, cosine, kept) in zip(names, parts, strict=True)
    }
    return Round(1, hospitals=hospitals)


def test_nothing_is_said_of_updates_that_agree():
    assert unusual_updates(round_of((1.0, 0.2, 1.0), (2.9, -0.01, 0.4), (0.9, 0.4, 1.0))) == []


def test_a_long_one_and_one_that_points_away_are_named():
    found = unusual_updates(round_of((1.0, 0.2, 1.0), (12.0, -0.31, 0.083), (1.0, 0.4, 1.0)))
    assert found == [
        "H1's update is 12.0 times as long as the median hospital's and points away from the others' (cosine -0.31); "
        "8.3 % of its length was taken."
    ]
    assert "points away" in unusual_updates(round_of((1.0, 0.2, 1.0), (1.0, -0.03, 1.0), (1.0, 0.4, 1.0)))[0]


def test_an_update_of_which_all_but_nothing_was_taken_was_taken():
    (sentence,) = unusual_updates(round_of((1.0, 0.2, 1.0), (1.0, -0.03, 0.997), (1.0, 0.4, 1.0)))
    assert "was taken" not in sentence


def test_of_two_nobody_can_say_which_is_wrong():
    assert unusual_updates(round_of((1.0, -0.9, 1.0), (99.0, -0.9, 1.0), (None, None, 1.0))) == []


def test_lengths_are_in_medians_of_those_that_were_recorded():
    assert relative_lengths(round_of((1.0, 0.2, 1.0), (2.0, 0.2, 1.0), (6.0, 0.2, 1.0), (None, None, 1.0))) == {
        "H0": 0.5,
        "H1": 1.0,
        "H2": 3.0,
    }
    assert relative_lengths(round_of((None, None, 1.0))) == relative_lengths(round_of((0.0, None, 1.0))) == {}


@pytest.mark.parametrize("hospitals", [2, 3])
def test_with_two_or_three_it_says_that_nothing_protects(hospitals):
    said = protection("fedavg", hospitals)
    assert said is not None
    assert f"With {hospitals} hospitals nothing protects" in said
    assert protection("fedavg", 4) is None
    assert protection("local", hospitals) is None
    assert protection("pooled", hospitals) is None
