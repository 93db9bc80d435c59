from __future__ import annotations

import os
from pathlib import Path

import pytest

from dashboard.data.begin import starting
from tests.support.pages import open_page, said
from tests.support.run_files import write_run

GONE = 2**22 + 1  # no process has this number


@pytest.fixture(autouse=True)
def output_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    (tmp_path / "logs").mkdir()
    return tmp_path


def printed(output_dir: Path, text: str) -> None:
    (output_dir / "logs" / starting.OUTPUT_NAME).write_text(text)


def test_in_an_empty_folder_the_form_is_open_and_offers_to_draw_hospitals(output_dir: Path) -> None:
    app = open_page("training")
    text = said(app)
    assert "There is no run in this folder yet" in text
    assert app.selectbox(key="start_experiment").value in ("demo", None)  # None where the hospitals' slices are there
    assert f"output_dir={output_dir}" in text


def test_a_run_that_starts_is_shown_as_soon_as_it_has_its_number(output_dir: Path) -> None:
    write_run(output_dir, "run-001")
    app = open_page("training", run="run-001")
    printed(output_dir, "loading PyTorch\n")
    starting.note_start(output_dir, os.getpid(), 0)
    app.session_state["start_awaited"] = True
    app.run()
    assert "A run is starting" in said(app)
    assert "loading PyTorch" in said(app)
    write_run(output_dir, "run-002", state="running", done=1, rounds=4)
    printed(output_dir, "loading PyTorch\nrun-002  fedavg, 3 hospitals\n")
    app.run()
    assert not app.exception
    assert app.session_state["run"] == "run-002"
    assert "A run is starting" not in said(app)


def test_one_that_ended_before_it_had_a_number_says_why_until_it_is_dismissed(output_dir: Path) -> None:
    write_run(output_dir, "run-001")
    printed(output_dir, "error CONF003: rounds is 'many'.\n")
    starting.note_start(output_dir, GONE, 0)
    app = open_page("training")
    assert "The run did not start: CONF003" in said(app)
    app.button(key="start_dismiss").click().run()
    assert "did not start" not in said(app)
