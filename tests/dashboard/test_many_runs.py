"""Five thousand runs in one folder: numbers are given, pages open, and a page reads no more runs than it shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import streamlit as st

from common.artifacts.layout import new_run
from common.artifacts.load import list_runs
from dashboard.components.chosen_run import AT_ONCE
from dashboard.data import cached
from dashboard.data.listing import run_index
from dashboard.data.listing.run_rows import PAGE
from tests.dashboard.test_model_pages import open_page
from tests.support.pages import listed_runs

MANY = 5000


@pytest.fixture(scope="module")
def crowded(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("crowded")
    for number in range(1, MANY + 1):
        run = folder / "artifacts" / f"run-{number:03d}"
        run.mkdir(parents=True)
        (run / "status.json").write_text(json.dumps({"run_id": run.name, "state": "completed"}))
    return folder


def test_the_next_number_and_the_list_are_right(crowded: Path) -> None:
    assert list_runs(crowded)[0] == "run-5000"
    taken = new_run(crowded)
    assert taken.run_id == "run-5001"
    taken.path.rmdir()


def test_models_reads_no_more_runs_than_it_shows(crowded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_resource.clear()
    read: list[str] = []
    honest = cached.load.load_run
    monkeypatch.setattr(cached.load, "load_run", lambda folder: read.append(folder.name) or honest(folder))
    app = open_page(crowded, "models", monkeypatch)
    assert not app.exception
    assert 0 < len(set(read)) <= AT_ONCE + 1
    app.selectbox(key="versions_page").select_index(24).run()
    assert "run-001" in read, "older ones are a choice away"


def test_compare_looks_at_no_more_runs_than_it_shows(crowded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_resource.clear()
    seen: list[str] = []
    honest = run_index.glance
    monkeypatch.setattr(run_index, "glance", lambda folder: seen.append(folder.name) or honest(folder))
    app = open_page(crowded, "compare", monkeypatch)
    assert [row["key"] for row in listed_runs(app)] == seen == list_runs(crowded)[:PAGE]
    app.session_state["runs_page"] = 999
    app.run()
    assert seen[-1] == "run-001", "older ones are a page away"
    assert len(seen) == 2 * PAGE
    app.text_input(key="find").set_value("run-04321").run()
    assert not app.exception
    assert listed_runs(app) == []
    app.text_input(key="find").set_value("run-4321").run()
    assert [row["key"] for row in listed_runs(app)] == ["run-4321"]
