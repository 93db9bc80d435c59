import json

from filelock import FileLock

from common.artifacts.layout import RunFolder
from server.recording.stale_runs import mark_stale


def run_folder(tmp_path, state):
    folder = RunFolder(tmp_path, "run-001")
    folder.path.mkdir(parents=True)
    folder.status.write_text(json.dumps({"state": state, "round": 3, "reason": None}))
    return folder


def state_of(folder):
    return json.loads(folder.status.read_text())["state"]


def test_a_killed_run_is_marked_and_says_how_to_go_on(tmp_path):
    folder = run_folder(tmp_path, "running")
    mark_stale(folder, "server.run")
    status = json.loads(folder.status.read_text())
    assert (status["state"], status["round"]) == ("interrupted", 3)
    assert status["resume_command"] == f"python -m server.run resume=run-001 output_dir={tmp_path}"


def test_a_living_run_is_left_alone(tmp_path):
    folder = run_folder(tmp_path, "running")
    with FileLock(folder.path / ".lock"):
        mark_stale(folder, "server.run")
    assert state_of(folder) == "running"


def test_what_a_run_said_itself_stays(tmp_path):
    folder = run_folder(tmp_path, "failed")
    mark_stale(folder, "server.run")
    assert state_of(folder) == "failed"


def test_a_run_that_never_was_is_no_matter(tmp_path):
    mark_stale(RunFolder(tmp_path, "run-009"), "server.run")
