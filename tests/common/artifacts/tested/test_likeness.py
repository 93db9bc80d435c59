"""Accuracy by likeness, read from a run's file as it may be: whole, old, damaged."""

import json
from typing import Any

import pytest

from common.artifacts.tested.likeness import alike, likeness_rows, unlike, unlike_sentence
from common.metrics.likeness.figures import likeness_figures
from tests.common.metrics.likeness.test_figures import slices_of
from tests.common.metrics.test_case_figures import hospital


def recorded(**sums: Any) -> dict[str, Any]:
    """As a file gives it back."""
    found = {"A": slices_of(400, 1)[0], **sums}
    return json.loads(json.dumps({"likeness": likeness_figures(found)}))


def test_every_range_has_its_slices_and_its_interval():
    rows = likeness_rows(recorded())
    names = ["below 0.80", "0.80 to 0.85", "0.85 to 0.90", "0.90 to 0.93", "0.93 to 0.96", "0.96 or more"]
    assert [row[0] for row in rows] == names
    assert sum(int(row[1]) for row in rows) == 400
    assert all("(" in row[3] for row in rows)
    assert [each.accuracy for each in alike(recorded())] == [
        each["test_accuracy"] for each in recorded()["likeness"]["bins"]
    ]


def test_the_sentence_has_the_share_its_interval_and_how_many():
    metrics = recorded()
    found, own = unlike(metrics), metrics["likeness"]["unlike"]
    assert (found.slices, found.accuracy) == (own["slices"], own["test_accuracy"])
    low, high = (f"{100 * end:.1f}" for end in own["interval"])
    assert unlike_sentence(metrics) == (
        f"Slices unlike any trained on (likeness below 0.90): {100 * found.accuracy:.1f} % ({low}–{high}) of "
        f"{found.slices}."
    )


def test_hospitals_that_tell_nothing_are_named():
    assert unlike_sentence(recorded(B=hospital(100, 3).sums)).endswith(
        " Without B, where too few slices are on one side or nothing may be told."
    )


def test_none_below_is_said_and_has_no_share():
    metrics = json.loads(json.dumps({"likeness": likeness_figures({"A": slices_of(200, 1, low=0.91)[0]})}))
    assert unlike_sentence(metrics) == "No test slices unlike any trained on (likeness below 0.90)."
    assert likeness_rows(metrics)[0] == ["below 0.80", "0", "0", "–"]


@pytest.mark.parametrize(
    "likeness",
    [
        None,
        3,
        [],
        {"bins": 3, "unlike": []},
        {"bins": [{"slices": -1}, {"slices": 3}, {}, None], "unlike": {"slices": 3, "test_accuracy": 0.5}},
        {"bins": [{"slices": 3, "test_accuracy": 7.0}], "unlike": {"below": 0.9, "slices": 3, "test_accuracy": "all"}},
    ],
)
def test_what_is_no_figure_is_left_out(likeness):
    assert alike({"likeness": likeness}) == []
    assert unlike_sentence({"likeness": likeness}) is None
    assert unlike_sentence({}) is None
