from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pages import open_page
from tests.support.run_files import write_run


@pytest.mark.parametrize(("state", "followed"), [("running", True), ("completed", False)])
def test_runs_that_go_on_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, followed: bool
) -> None:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    write_run(tmp_path, "run-001")
    write_run(tmp_path, "run-002", state=state, done=2, rounds=5)
    app = open_page("compare", runs="run-001,run-002")
    assert not app.exception
    assert ("follow" in [toggle.key for toggle in app.toggle]) is followed
