from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pages import open_page, said
from tests.support.run_files import write_run, write_version_one


@pytest.fixture(autouse=True)
def output_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    return tmp_path


def test_lines_are_filtered_by_text_and_source(output_dir: Path) -> None:
    write_run(output_dir)
    app = open_page("logs")
    assert "8 of 8 lines" in said(app)
    app.text_input(key="log_text").set_value("ROUND 3").run()
    assert list(app.dataframe[0].value["Text"]) == ["round 3 of 4 done"]
    app.text_input(key="log_text").set_value("")
    app.multiselect(key="log_sources").set_value(["Phantom Jaipur"]).run()
    assert "1 of 8 lines" in said(app)
    app.text_input(key="log_text").set_value("nothing like it").run()
    assert "No line matches" in said(app)


def test_a_run_without_a_log_says_so(output_dir: Path) -> None:
    write_version_one(output_dir)
    assert "run-001 recorded no log" in said(open_page("logs"))
