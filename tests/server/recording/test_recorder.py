"""The recorder's sign of life, by which a slow round is told from a killed run."""

import os

from common.artifacts.layout import RunFolder
from common.artifacts.load import last_sign_of_life
from common.config.settings import RunSettings
from common.protocol.plan import plan_of
from server.recording.recorder import Recorder


def test_it_signs_while_the_server_waits_and_not_at_every_look(tmp_path):
    folder = RunFolder(tmp_path, "run-001")
    folder.path.mkdir(parents=True)
    settings = RunSettings()
    recorder = Recorder(folder, settings, plan_of(settings), ["A", "B"], tmp_path / "log")
    recorder.waiting()
    assert last_sign_of_life(folder.path) is None, "without the lock it is no run's process"
    folder.lock.touch()
    os.utime(folder.lock, (1000.0, 1000.0))
    recorder.waiting()
    assert last_sign_of_life(folder.path) == 1000.0, "it has just signed"
    recorder._signed_at = float("-inf")
    recorder.waiting()
    assert last_sign_of_life(folder.path) > 1000.0
