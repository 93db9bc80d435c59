"""Figures of cases in words: what is recorded is shown, and what is not, or cannot be, is left out."""

import json
from typing import Any

import pytest

from common.artifacts.figure_rows import (
    MEAN,
    decision_curve,
    figure_table,
    ranking_rows,
    sentences,
    subgroup_rows,
    threshold,
)
from common.labels import CLASSES
from common.metrics.case_figures import case_figures
from tests.common.metrics.test_case_figures import three

FIGURES: dict[str, Any] = json.loads(json.dumps(case_figures([each.sums for each in three()])))


def test_each_class_has_a_row_with_intervals():
    rows = ranking_rows(FIGURES)
    assert [row[0] for row in rows] == [*CLASSES, MEAN]
    own = FIGURES["per_class"]["glioma"]
    low, high = own["auroc_interval"]
    assert rows[0][1] == f"{own['auroc']:.3f} ({low:.3f}–{high:.3f})"
    assert rows[0][3].startswith(f"{100 * own['sensitivity']:.1f} (")
    assert threshold(FIGURES) == 0.5


def test_subgroups_and_patients_are_said_with_their_source():
    assert [row[:4] for row in subgroup_rows(FIGURES)] == [["sex", "female", "400", "80"], ["sex", "male", "400", "80"]]
    said = " ".join(sentences(FIGURES | {"subgroups_withheld": 3}))
    assert "of 160 patients" in said
    assert "manifests say whose slices they are" in said
    assert "Brier score" in said
    assert "3 subgroups are not told" in said


def test_a_curve_is_points_of_three_numbers():
    points = decision_curve(FIGURES, "glioma")
    assert [at for at, _, _ in points][:3] == [0.01, 0.02, 0.05]
    assert all(model >= -1 for _, model, _ in points)


def test_the_table_holds_every_figure_over_all_and_at_each_hospital():
    rows = list(figure_table({"figures": FIGURES, "per_hospital": {"A": {"figures": FIGURES}}}))
    assert {row["hospital"] for row in rows} == {"all hospitals", "A"}
    assert {row["unit"] for row in rows} == {"slice", "patient"}
    found = {(row["unit"], row["class"], row["figure"]): row for row in rows if row["hospital"] == "A"}
    assert found["slice", "glioma", "auroc"]["value"] == FIGURES["per_class"]["glioma"]["auroc"]
    assert found["patient", MEAN, "test_accuracy"]["low"] == FIGURES["per_patient"]["interval"][0]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        "x",
        {"per_class": 3, "per_patient": [], "subgroups": {"a": 1}, "net_benefit": {"glioma": [3, {}]}},
        {"per_class": {"glioma": {"auroc": "high", "auroc_interval": [1], "sensitivity": 7}}, "brier": "low"},
        {"subgroups": [{"by": 1}, 4, {"by": "sex", "cell": "x", "slices": -1, "test_accuracy": 1e9}]},
    ],
)
def test_odd_figures_make_no_row_that_lies_and_no_error(odd):
    for row in [*ranking_rows(odd), *subgroup_rows(odd)]:
        assert set(row[1:]) <= {"–", "x"}
    assert sentences(odd) == []
    assert decision_curve(odd, "glioma") == []
    assert list(figure_table({"figures": odd})) == []
    assert threshold(odd) is None
