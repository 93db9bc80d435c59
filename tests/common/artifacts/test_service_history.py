from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from common.artifacts.service import put_in_service
from common.artifacts.service_history import ROLL_BACK, Change, before, read_changes, system_user
from tests.support.service_runs import completed_run


def changes(*steps: str, first: str | None = None) -> list[Change]:
    """A history; a step that begins with ``<`` rolls back."""
    found, previous = [], first
    for step in steps:
        run_id = step.removeprefix("<")
        found.append(Change("", run_id, previous, ROLL_BACK if step != run_id else "better", "x", ""))
        previous = run_id
    return found


def test_rolling_back_goes_to_the_one_before_and_then_further() -> None:
    assert before([]) is None
    assert before(changes("run-001")) is None
    assert before(changes("run-002", first="run-001")) == "run-001"
    assert before(changes("run-001", "run-002", "run-003")) == "run-002"
    assert before(changes("run-001", "run-002", "run-003", "<run-002")) == "run-001"
    assert before(changes("run-001", "run-002", "run-003", "<run-002", "<run-001")) is None
    assert before(changes("run-001", "run-002", "<run-001", "run-003")) == "run-001"
    assert before(changes("run-001", "run-002", "run-002")) == "run-001", "the same again is no step"


def test_who_did_it_is_the_systems_user_and_not_what_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "somebody else")
    monkeypatch.setenv("LOGNAME", "somebody else")
    completed_run(tmp_path)
    put_in_service(tmp_path, "run-001", reason="better", by="dashboard")
    (change,), _ = read_changes(tmp_path)
    assert change.user == pwd.getpwuid(os.getuid()).pw_name
    assert change.who == f"dashboard ({change.user})"


def test_a_user_without_a_name_and_a_history_without_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert system_user() is None
    (tmp_path / "models").mkdir()
    line = '{"at": "x", "run_id": "run-001", "previous": null, "reason": "r", "by": "Asha", "sha256": ""}\n'
    (tmp_path / "models" / "history.jsonl").write_text(line)
    (change,), unreadable = read_changes(tmp_path)
    assert (change.who, change.user, unreadable) == ("Asha", None, 0)
