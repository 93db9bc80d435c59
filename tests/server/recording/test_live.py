"""What a run does at this moment, in a file of its own: written while it goes on, gone at its end, in no ledger."""

import threading
import time
from pathlib import Path

import pytest

from common.artifacts.layout import RunFolder
from common.artifacts.live.record import load_live
from common.artifacts.load import last_sign_of_life
from common.artifacts.schema import Failure, HospitalRound
from common.config.settings import RunSettings
from common.process import is_alive
from common.protocol.plan import plan_of
from common.protocol.progress_channel import Progress, ProgressChannel
from server.recording import live as module
from server.recording.live import LiveRecorder
from server.recording.recorder import Recorder

NAMES = {"a": "Hospital A", "b": "Hospital B"}


@pytest.fixture
def recorder(tmp_path):
    folder = RunFolder(tmp_path, "run-001")
    folder.path.mkdir(parents=True)
    settings = RunSettings()
    return Recorder(folder, settings, plan_of(settings), list(NAMES.values()), tmp_path / "log")


@pytest.fixture
def channel(tmp_path):
    (tmp_path / "channel").mkdir()
    return ProgressChannel(tmp_path / "channel")


def parts(recorder):
    return load_live(recorder.folder.path).hospitals


def test_each_hospital_waits_trains_so_many_steps_and_has_sent(recorder, channel):
    with LiveRecorder(recorder, NAMES, channel) as live:
        live.phase("train", 2)
        live.asked("Hospital A")
        channel.tell(Progress("a", "training", 34, 72))
        live.write()
        a, b = parts(recorder).values()
        assert (a.state, a.task, a.done, a.total) == ("working", "training", 34, 72)
        assert (b.state, b.done) == ("waiting", None)
        live.trained("Hospital A", HospitalRound())
        live.failed(Failure("Hospital B", "train", "no answer within 60 s"))
        live.write()
        assert [part.state for part in parts(recorder).values()] == ["done", "failed"]
        assert parts(recorder)["Hospital B"].reason == "no answer within 60 s"
        found = load_live(recorder.folder.path)
    assert (found.phase, found.round, is_alive(found.process)) == ("train", 2, True)
    assert not recorder.folder.progress.exists()


def test_what_a_hospital_said_of_its_task_before_is_no_news_of_this_one(recorder, channel):
    with LiveRecorder(recorder, NAMES, channel) as live:
        live.phase("evaluate", 1)
        live.asked("Hospital A")
        channel.tell(Progress("a", "evaluating", 8, 9))
        live.evaluated("Hospital A")
        live.phase("test", 1)
        live.asked("Hospital A")
        live.write()
        assert (parts(recorder)["Hospital A"].state, parts(recorder)["Hospital A"].done) == ("asked", None)


def test_no_step_is_made_up_for_a_hospital_on_a_machine_of_its_own(recorder):
    with LiveRecorder(recorder, NAMES) as live:
        live.phase("train", 1)
        live.asked("Hospital A")
        live.write()
        found = load_live(recorder.folder.path)
    assert not found.reports
    assert [(part.state, part.done) for part in found.hospitals.values()] == [("asked", None), ("waiting", None)]


def test_it_says_that_it_lives_while_the_rest_of_the_process_is_busy(recorder, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    with LiveRecorder(recorder, NAMES):
        first, deadline = last_sign_of_life(recorder.folder.path), time.monotonic() + 30
        while last_sign_of_life(recorder.folder.path) == first and time.monotonic() < deadline:
            time.sleep(0.01)
        assert last_sign_of_life(recorder.folder.path) > first


def test_it_writes_only_what_is_new(recorder, monkeypatch):
    written = []
    monkeypatch.setattr(module, "replace", lambda path, content: written.append(content))
    live = LiveRecorder(recorder, NAMES)
    for _ in range(3):
        live.write()
    assert len(written) == 1
    live.phase("train", 1)
    live.write()
    assert len(written) == 2


def test_a_stop_is_said_and_a_disk_that_takes_nothing_ends_no_run(recorder, monkeypatch):
    stop = threading.Event()
    with LiveRecorder(recorder, NAMES, stop=stop) as live:
        stop.set()
        live.write()
        assert load_live(recorder.folder.path).stopping

        def full(path: Path, content: bytes) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(module, "replace", full)
        live.phase("train", 1)
        live.write()
