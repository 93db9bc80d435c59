"""Runs are known by their settings and their state; the folders are made up, their reader and the locks are real."""

import json
from dataclasses import replace

import pytest
from filelock import FileLock

from common.artifacts.layout import RunFolder
from common.study.records import Cell
from server.recording.resume import stored_settings
from server.study.cells import cell_result
from server.study.grid import PlannedCell
from server.study.known_runs import KnownRuns
from tests.support.run_files import write_run

CELL = Cell("fedavg", 42)


@pytest.fixture
def output(tmp_path):
    write_run(tmp_path, "run-001")
    return tmp_path


def planned(output, run_id="run-001"):
    return PlannedCell(CELL, stored_settings(RunFolder(output, run_id)))


def found(output, cell=None):
    return KnownRuns(output).of([cell or planned(output)]).get(CELL)


def hashes(output, run_id, value):
    splits = {"hospitals": {"Phantom Jaipur": {"files_sha256": value}}}
    (output / "artifacts" / run_id / "dataset_splits.json").write_text(json.dumps(splits))


def test_a_completed_run_with_the_same_settings_is_the_cell(output):
    known = found(output)
    assert (known.run.run_id, known.completed, known.busy) == ("run-001", True, False)
    result = cell_result(CELL, known, None)
    assert result.completed
    assert sum(int(matrix.sum()) for matrix in result.tests.values()) == 3 * 80
    assert result.steps == 4 * 3 * 10
    assert result.seconds > 0


def test_other_settings_are_another_question_whatever_the_name(output):
    other = planned(output)
    assert found(output, PlannedCell(CELL, replace(other.settings, rounds=9))) is None
    assert found(output, PlannedCell(CELL, replace(other.settings, seed=9))) is None


def test_a_completed_run_comes_before_a_newer_one_that_failed(output):
    write_run(output, "run-002", state="failed", done=4, reason="it broke")
    assert found(output).run.run_id == "run-001"


def test_a_failed_run_is_gone_on_with_and_its_reason_is_kept(tmp_path):
    write_run(tmp_path, state="failed", done=2, rounds=4, reason="it broke")
    known = found(tmp_path)
    assert known.resumable
    assert (cell_result(CELL, known, None).state, cell_result(CELL, known, None).reason) == ("failed", "it broke")
    assert cell_result(CELL, known, "it was killed").reason == "it was killed"


def test_a_run_whose_process_was_killed_is_written_down_and_gone_on_with(tmp_path):
    folder = write_run(tmp_path, state="running", done=2, rounds=4)
    assert found(tmp_path).resumable
    assert json.loads((folder / "status.json").read_text())["state"] == "interrupted"


def test_a_run_at_work_elsewhere_is_left_alone(tmp_path):
    folder = write_run(tmp_path, state="running", done=2, rounds=4)
    with FileLock(folder / ".lock"):
        known = found(tmp_path)
        assert (known.busy, known.resumable) == (True, False)
        assert cell_result(CELL, known, None).state == "running"
    assert json.loads((folder / "status.json").read_text())["state"] == "running"


def test_what_was_computed_from_other_slices_is_no_pair(output):
    write_run(output, "run-002")
    for run_id, value in (("run-001", "a" * 64), ("run-002", "b" * 64)):
        hashes(output, run_id, value)
    config = json.loads((output / "artifacts/run-002/config.yaml").read_text()) | {"seed": 43}
    (output / "artifacts/run-002/config.yaml").write_text(json.dumps(config))
    cells = [planned(output), PlannedCell(Cell("fedavg", 43), planned(output, "run-002").settings)]
    assert [cell.seed for cell in KnownRuns(output).of(cells)] == [43]
    hashes(output, "run-001", "b" * 64)
    assert [cell.seed for cell in KnownRuns(output).of(cells)] == [42, 43]


def test_damaged_runs_and_those_of_version_one_are_passed_over(output):
    cell = planned(output)
    (output / "artifacts" / "run-002").mkdir()
    (output / "artifacts" / "run-003").mkdir()
    (output / "artifacts" / "run-003" / "config.yaml").write_text("rounds: [")
    assert found(output, cell).run.run_id == "run-001"


def test_a_cell_that_never_started_is_missing_and_one_that_left_nothing_failed():
    assert cell_result(CELL, None, None).state == "missing"
    refused = cell_result(CELL, None, "DATA001: There is no folder x.")
    assert (refused.state, refused.reason) == ("failed", "DATA001: There is no folder x.")
