import pytest

from common.study.statistics import Estimate, estimate, points, seeds, verdict


@pytest.mark.parametrize(
    ("difference", "spread", "kind", "words"),
    [
        (Estimate(0.031, (0.009, 0.052), 0.01, 3), 0.02, "better", "better by 3.1 points (0.9 to 5.2)"),
        (Estimate(-0.031, (-0.052, -0.009), 0.01, 3), 0.02, "worse", "worse by 3.1 points (0.9 to 5.2)"),
        (
            Estimate(0.006, (-0.010, 0.022), 0.01, 3),
            0.0,
            "undecided",
            "no difference that three seeds can show (+0.6 points; -1.0 to +2.2)",
        ),
        (Estimate(0.02, None, None, 1), None, "one_seed", "+2.0 points with one seed, and one seed cannot tell"),
        (None, None, "unknown", "not known, since no seed has both runs complete"),
    ],
)
def test_words_follow_from_the_interval(difference, spread, kind, words):
    found = verdict(difference, spread)
    assert (found.kind, found.words) == (kind, words)


def test_a_gain_smaller_than_the_spread_between_seeds_is_not_claimed():
    found = verdict(Estimate(0.010, (0.008, 0.012), 0.001, 3), 0.03)
    assert found.kind == "small"
    assert "less than the figure moves from one seed to the next (3.0 points): nothing to count on" in found.words
    ten_seeds = estimate([0.0, 0.02] * 5)
    assert ten_seeds.interval[0] > 0
    assert verdict(ten_seeds, 0.0).kind == "small", "1.0 points, and a standard deviation of 1.05"


def test_a_difference_that_never_moves_is_none_where_it_is_zero():
    assert verdict(estimate([0.0, 0.0, 0.0]), 0.0).kind == "undecided"


def test_numbers_in_words():
    assert [seeds(n) for n in (1, 3, 12, 15)] == ["one seed", "three seeds", "twelve seeds", "15 seeds"]
    assert [points(x) for x in (0.031, -0.031, 0.0002, -0.0002)] == ["+3.1", "-3.1", "0.0", "0.0"]
