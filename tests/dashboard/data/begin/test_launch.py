from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.artifacts.live.record import Live, live_file
from common.artifacts.load import load_run
from common.errors import InputError
from common.process import Process, this_process
from dashboard.data.begin import launch
from tests.support.run_files import write_run

ECHO = """
import json, os, sys
json.dump({"arguments": sys.argv[1:], "session": os.getsid(0) == os.getpid()}, open(os.environ["ECHO_TO"], "w"))
"""


def test_it_starts_with_an_argument_list_in_its_own_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "echo_arguments.py").write_text(ECHO)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("ECHO_TO", str(tmp_path / "said.json"))
    output = tmp_path / "it's here"
    process = launch.start(["rounds=1", "data.root=$(touch pwned)"], output, module="echo_arguments")
    assert process.wait(60) == 0
    said = json.loads((tmp_path / "said.json").read_text())
    assert said["arguments"][:2] == ["rounds=1", "data.root=$(touch pwned)"]
    assert said["arguments"][2] == f"output_dir='{tmp_path}/it\\'s here'"
    assert said["session"] is (os.name == "posix")


def test_a_second_run_is_refused_while_one_goes_on(tmp_path: Path) -> None:
    write_run(tmp_path, state="running", done=1, rounds=3, updated_at=datetime.now(UTC))
    with pytest.raises(InputError, match="run-001 is still running"):
        launch.start([], tmp_path, module="this")


def test_one_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    folder = write_run(tmp_path, state="running", done=1, rounds=3, updated_at=datetime.now(UTC))
    gone = Live(process=Process(2**22 + 1, 1.0, this_process().machine))
    (folder / "progress.json").write_bytes(live_file(gone))
    assert launch.start([], tmp_path, module="this").wait(60) == 0


def test_a_run_that_says_nothing_of_its_process_is_not_stopped(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, state="running", done=1, rounds=3))
    with pytest.raises(InputError, match="does not say which process it is"):
        launch.stop(run)
