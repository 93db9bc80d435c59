from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from common.artifacts.load import load_run
from dashboard.components import hospital_map
from dashboard.screens import network
from tests.support.pages import open_page, said, tables
from tests.support.run_files import STRANGE, write_run, write_version_one


@pytest.fixture(autouse=True)
def output_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    return tmp_path


def test_the_headline_figures(output_dir: Path) -> None:
    write_run(output_dir)
    app = open_page()
    assert {metric.label: metric.value for metric in app.metric} == {
        "Hospitals": "3",
        "MRI slices": "1,175",
        "Test accuracy": "89.0 %",
        "Macro F1": "88.0 %",
        "Hospital gap": "4.0 pp",
    }


def test_a_class_held_by_one_hospital_is_warned_of(output_dir: Path) -> None:
    write_version_one(output_dir)
    app = open_page()
    assert "**No tumour** slices exist only at Phantom Hyderabad" in said(app)
    assert "Not recorded per hospital" in said(app)


def test_the_same_facts_stand_in_a_table(output_dir: Path) -> None:
    write_run(output_dir, hospitals=STRANGE)
    app = open_page()
    assert set(tables(app)[0]["Hospital"]) == set(STRANGE)


@pytest.mark.parametrize(
    ("clicked", "chosen"),
    [(1, "Phantom Jaipur"), (-1, "Phantom Hyderabad"), (3, "Phantom Hyderabad"), ("1", "Phantom Hyderabad")],
)
def test_a_click_chooses_its_hospital_and_anything_else_none(
    output_dir: Path, monkeypatch: pytest.MonkeyPatch, clicked: object, chosen: str
) -> None:
    mounted: dict[str, Any] = {}
    monkeypatch.setattr(hospital_map, "_mount", lambda **how: mounted.update(how))
    monkeypatch.setattr(st, "session_state", state := {"chosen_hospital": "Phantom Hyderabad"})
    run = load_run(write_run(output_dir))
    network.network_map(run, {})
    state[mounted["key"]] = {"chosen": clicked}  # type: ignore[assignment]
    mounted["on_chosen_change"]()
    assert state["chosen_hospital"] == chosen


def test_choosing_another_hospital_shows_its_facts(output_dir: Path) -> None:
    write_run(output_dir)
    app = open_page()
    app.selectbox(key="chosen_hospital").set_value("Phantom Jaipur").run()
    assert "355 slices, in 60 groups" in said(app)
    assert "Has no tumour-free slices" in said(app)


def test_choosing_another_run_shows_it(output_dir: Path) -> None:
    write_run(output_dir, "run-001", best=0.8)
    write_run(output_dir, "run-002")
    app = open_page()
    assert "**run-002**" in said(app)
    app.sidebar.selectbox(key="run").set_value("run-001").run()
    assert "**run-001**" in said(app)


def test_the_gap_comes_with_the_spread_and_the_intervals_with_their_kind(output_dir: Path) -> None:
    write_run(output_dir)
    app = open_page()
    assert {metric.label: metric.delta for metric in app.metric}["Hospital gap"] == "SD 1.6 pp"
    assert "Worst hospital: Phantom Kolkata" in said(app).replace("\\", "")
    assert any("Wilson's, as if no two slices were related" in element.proto.help for element in app.header)


def test_a_chart_is_handed_over_so_that_the_browser_draws_it_once(output_dir: Path) -> None:
    write_run(output_dir)
    charts = open_page().get("plotly_chart")
    assert len(charts) == 2
    for chart in charts:
        layout = json.loads(chart.proto.spec)["layout"]
        assert "template" not in layout, "a template is never equal to itself, so each chart is drawn twice"
        assert layout["datarevision"] == 1
