from __future__ import annotations

import os
from pathlib import Path

import pytest

from common.errors import InputError
from dashboard.data.begin import launch, starting

GONE = 2**22 + 1  # no process has this number


def started(output_dir: Path, pid: int, printed: str) -> starting.Starting | None:
    (output_dir / "logs").mkdir(exist_ok=True)
    (output_dir / "logs" / starting.OUTPUT_NAME).write_text("run-001  of the start before\n" + printed)
    starting.note_start(output_dir, pid, len("run-001  of the start before\n"))
    return starting.look(output_dir)


def test_until_it_has_its_number_its_output_is_shown(tmp_path: Path) -> None:
    assert starting.look(tmp_path) is None
    found = started(tmp_path, os.getpid(), "loading\n")
    assert found is not None
    assert (found.state, found.run_id, found.said) == ("starting", None, "loading")
    with pytest.raises(InputError, match="is starting here just now"):
        launch.start([], tmp_path, module="this")


def test_with_its_number_it_has_begun(tmp_path: Path) -> None:
    found = started(tmp_path, os.getpid(), "loading\nrun-007  fedavg, 3 hospitals\n")
    assert found is not None
    assert (found.state, found.run_id) == ("begun", "run-007")


def test_the_sentence_that_it_ended_with_is_told(tmp_path: Path) -> None:
    found = started(tmp_path, GONE, "a warning\nerror CONF003: rounds is 'many'; give a number.\n")
    assert found is not None
    assert (found.state, found.said) == ("failed", "CONF003: rounds is 'many'; give a number.")
    silent = started(tmp_path, GONE, "")
    assert silent is not None
    assert silent.said == "It ended without a word."
