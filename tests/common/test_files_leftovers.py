"""What kill -9 leaves beside a file or in a run's folder goes; what a living program is writing stays."""

import os
import signal
import subprocess
import sys

from filelock import FileLock

from common import files
from common.artifacts.layout import RunFolder
from server.recording.stale_runs import sweep_stale

_KILLED = """
import os, signal, sys
from pathlib import Path
from common import files
files.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
files.replace(Path(sys.argv[1]), b"half")
"""


def killed_while_writing(path):
    assert subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False).returncode == -signal.SIGKILL
    return [left for left in os.listdir(path.parent) if left.endswith(".tmp")]


def test_the_next_writing_of_the_file_removes_what_a_killed_one_left(tmp_path):
    assert killed_while_writing(tmp_path / "a.json")
    files.replace(tmp_path / "a.json", b"whole")
    assert os.listdir(tmp_path) == ["a.json"]


def test_what_a_living_program_writes_stays(tmp_path):
    file, temporary = files._temporary(tmp_path / "a.json")
    files.sweep(tmp_path)
    assert os.path.exists(temporary)
    file.close()
    files.sweep(tmp_path)
    assert not os.listdir(tmp_path)


def test_a_sweep_follows_no_link_and_takes_nothing_else(tmp_path):
    kept = tmp_path / "kept"
    kept.write_text("precious")
    (tmp_path / ".a.tmp").symlink_to(kept)
    os.mkfifo(tmp_path / ".b.tmp")
    (tmp_path / "c.tmp").touch()
    files.sweep(tmp_path)
    assert kept.read_text() == "precious"
    assert (tmp_path / "c.tmp").exists()


def test_the_start_of_a_run_sweeps_runs_that_are_dead_and_no_other(tmp_path):
    dead, alive = (RunFolder(tmp_path, name) for name in ("run-001", "run-002"))
    for folder in (dead, alive):
        (folder.path / ".updates-x").mkdir(parents=True)
        (folder.path / ".updates-x" / "aiims").write_bytes(b"update")
        (folder.path / ".channel-y").mkdir()
        (folder.path / ".checkpoint.pth.z.tmp").touch()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / ".global_model.pth.z.tmp").touch()
    (tmp_path / "artifacts" / "run-003").symlink_to(tmp_path / "models")
    with FileLock(alive.lock):
        sweep_stale(tmp_path)
    assert set(os.listdir(dead.path)) <= {".lock"}
    assert len([name for name in os.listdir(alive.path) if name != ".lock"]) == 3
    assert not os.listdir(tmp_path / "models")
