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
from tests.dashboard.test_model_pages import open_page

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


@pytest.mark.parametrize(("page", "choice"), [("models", "versions_page"), ("compare", "all_runs_page")])
def test_a_page_reads_no_more_than_it_shows(
    page: str, choice: str, crowded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    st.cache_resource.clear()
    read: list[str] = []
    honest = cached.load.load_run
    monkeypatch.setattr(cached.load, "load_run", lambda folder: read.append(folder.name) or honest(folder))
    app = open_page(crowded, page, monkeypatch)
    app.session_state["all_runs"] = True
    app.run()
    assert not app.exception
    assert 0 < len(set(read)) <= AT_ONCE + 1
    app.selectbox(key=choice).select_index(24).run()
    assert "run-001" in read, "older ones are a choice away"
