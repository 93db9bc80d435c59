"""Killed at any moment and resumed, a run ends in the very weights of an undisturbed one."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from common.artifacts.layout import RunFolder
from common.config.hydra import compose_settings
from common.errors import InputError
from common.files import sha256_of
from server.recording.resume import resumed_settings, stored_settings
from tests.conftest import base_overrides
from tests.support.small_network_row import EVERYWHERE

ROOT = Path(__file__).resolve().parents[3]
ROUNDS = 6


def start(*overrides: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "server.simulate", *overrides]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **EVERYWHERE},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def rounds_done(output: Path) -> int:
    status = output / "artifacts" / "run-001" / "status.json"
    return json.loads(status.read_text())["round"] if status.exists() else -1


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_in_the_same_weights(simulate, phantoms, tmp_path):
    settings = [*base_overrides(phantoms, tmp_path / "cache"), f"rounds={ROUNDS}"]
    undisturbed = simulate(f"rounds={ROUNDS}", f"output_dir={tmp_path / 'whole'}")
    assert undisturbed.code == 0, undisturbed.err

    output = tmp_path / "killed"
    chance = random.Random(7)
    command = [*settings, f"output_dir={output}"]
    kills = 0
    for target in (0, 1, 3):
        process = start(*command)
        while process.poll() is None and rounds_done(output) < target:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.6))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        command = ["resume=run-001", f"output_dir={output}"]
    last = start(*command)
    text = last.communicate()[0]
    assert last.returncode == 0, text
    assert kills == 3
    history = json.loads((output / "artifacts/run-001/training_history.json").read_text())
    assert [row["epoch"] for row in history] == list(range(1, ROUNDS + 1))
    whole, killed = (path / "artifacts/run-001/global_model.pth" for path in (tmp_path / "whole", output))
    assert sha256_of(whole) == sha256_of(killed)


@pytest.mark.slow
def test_ctrl_c_marks_the_run_and_says_how_to_go_on(phantoms, tmp_path):
    settings = [*base_overrides(phantoms, tmp_path / "cache"), "rounds=50"]
    process = start(*settings, f"output_dir={tmp_path}")
    while rounds_done(tmp_path) < 1:
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    text = process.communicate()[0]
    assert process.returncode == 130, text
    assert "resume=run-001" in text
    assert "Traceback" not in text
    status = json.loads((tmp_path / "artifacts/run-001/status.json").read_text())
    assert status["state"] == "interrupted"
    assert status["resume_command"] in text


def test_a_complete_or_running_run_cannot_be_resumed(simulate, tmp_path):
    assert simulate(f"output_dir={tmp_path}", "rounds=1").code == 0
    done = simulate("resume=run-001", f"output_dir={tmp_path}", base=False)
    assert (done.code, "RUN002" in done.err) == (2, True)

    from filelock import FileLock

    folder = tmp_path / "artifacts" / "run-001"
    (folder / "model_meta.json").unlink()
    with FileLock(folder / ".lock"):
        done = simulate("resume=run-001", f"output_dir={tmp_path}", base=False)
    assert (done.code, "RUN006" in done.err) == (2, True)


def test_settings_of_a_resumed_run_stay(simulate, tmp_path):
    done = simulate("resume=run-001", "rounds=99", f"output_dir={tmp_path}", base=False)
    assert (done.code, "rounds cannot be set" in done.err) == (2, True)


REMOVED = {"rounds_per_epoch": 1, "warmup_rounds": 0.0, "sam_rho": 0.0, "small_pixels": None, "small_share": 0.0}


def begun_by_an_earlier_version(folder: Path, **used) -> RunFolder:
    settings = asdict(compose_settings(["rounds=7"]))
    run = RunFolder(folder, "run-001")
    run.path.mkdir(parents=True)
    run.config.write_text(OmegaConf.to_yaml({**settings, "train": settings["train"] | REMOVED | used}))
    return run


def test_settings_that_have_gone_are_dropped_where_they_did_nothing(tmp_path):
    run = begun_by_an_earlier_version(tmp_path)
    assert stored_settings(run) == compose_settings(["rounds=7"])
    asked = compose_settings(["resume=run-001", f"output_dir={tmp_path}"])
    assert resumed_settings(asked, [])[0].rounds == 7


@pytest.mark.parametrize(
    "used",
    [{"rounds_per_epoch": 4}, {"warmup_rounds": 1.0}, {"sam_rho": 0.05}, {"small_pixels": 64}, {"small_share": 0.5}],
    ids=lambda used: next(iter(used)),
)
def test_where_they_did_something_the_run_cannot_go_on(tmp_path, used):
    name, value = next(iter(used.items()))
    with pytest.raises(InputError, match=rf"RUN002.*train\.{name}={value}, which this version no longer has"):
        stored_settings(begun_by_an_earlier_version(tmp_path, **used))
