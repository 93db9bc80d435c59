"""What is said of a difference: what it rests on, and what would settle it."""

from __future__ import annotations

import pytest

from common.artifacts.external.paired_words import Behind, interval_points, p_text

OPEN = (-0.014, 0.038)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            (0.012, OPEN, 142, 657.3, 0.027),
            "The difference of +1.2 points (-1.4 to +3.8) rests on 142 groups; about 660 would be needed to tell it "
            "from none. Of 142 groups, a difference of 2.7 points shows four times in five.",
        ),
        (
            (0.0, OPEN, 142, None, 0.027),
            "The difference of +0.0 points (-1.4 to +3.8) rests on 142 groups. Of 142 groups, a difference of 2.7 "
            "points shows four times in five.",
        ),
        (
            (0.05, (0.02, 0.08), 142, 90.0, 0.03),
            "The difference of +5.0 points (+2.0 to +8.0) rests on 142 groups, which is enough.",
        ),
        (
            (0.03, (0.005, 0.055), 142, 180.0, 0.04),
            "The difference of +3.0 points (+0.5 to +5.5) rests on 142 groups; about 180 would find it four times in "
            "five.",
        ),
        ((0.0, OPEN, 1, None, None), "The difference of +0.0 points (-1.4 to +3.8) rests on 1 group."),
    ],
)
def test_a_difference_is_said_with_what_it_rests_on_and_what_it_needs(given, said):
    assert Behind(*given, noun="group").sentence == said


def test_where_seeds_hide_it_more_seeds_are_asked_for_first():
    for needed in (None, 80.0):  # too few seeds widen the interval beyond what the groups do
        said = Behind(0.012, OPEN, 142, needed, 0.027, seeds=2).sentence
        assert "rests on 142 patients and 2 seeds; seeds alone change it by more" in said
        assert "more seeds before more patients" in said


@pytest.mark.parametrize(("needed", "said"), [(7.4, "about 7 "), (88.2, "about 88 "), (12_345.0, "about 12,000 ")])
def test_a_number_of_groups_has_two_digits(needed, said):
    assert said in Behind(0.012, OPEN, 5, needed, 0.027).words


def test_intervals_in_points_and_p_values():
    assert interval_points((-0.031, 0.05)) == "-3.1 to +5.0"
    assert (p_text(0.0421), p_text(0.0004)) == ("0.042", "<0.001")
