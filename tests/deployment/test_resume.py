"""The disk full, ServerApp and SuperLink killed: the run goes on after its last complete round, to the same end.

SCAFFOLD is what runs, since it has most to lose: beside the model, the centre and every hospital keep control variates.
"""

import json
import os
import subprocess

import pytest

from common.artifacts.layout import RunFolder
from common.files import sha256_of
from tests.deployment.conftest import reference_weights
from tests.deployment.harness import KEYS, wait_for

ROUNDS = 3
SCAFFOLD = ("strategy=scaffold", "train.lr=0.02")


@pytest.fixture(scope="module")
def standing(shared, disk):
    """A federation whose run writes to that disk."""
    shared.stand()
    shared.output = RunFolder(disk, "run-001")
    return shared


def status(made):
    path = made.output.status
    return json.loads(path.read_text()) if path.exists() else {"round": -1}


def until_round(made, run, number):
    wait_for(lambda: status(made)["round"] >= number, f"round {number}", run)


def resume(made, name, *more):
    return made.run("resume=run-001", f"output_dir={made.output.output_dir}", *more, name=name)


def kill(process, word):
    victim = process.find(word)
    assert victim is not None, f"no {word} among {[' '.join(p.cmdline()) for p in process.family()]}"
    victim.kill()


def test_a_full_disk_ends_the_run_in_one_sentence(standing, disk):
    settings = [text for text in standing.overrides(ROUNDS) if not text.startswith("output_dir=")]
    standing.now = standing.run(*settings, *SCAFFOLD, f"output_dir={disk}", name="first")
    until_round(standing, standing.now, 1)
    if not os.path.ismount(disk):
        pytest.skip("this user may not mount a file system")
    filler = disk / "filler"
    subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=1M"], capture_output=True, check=False)
    assert standing.now.finish() == 1
    filler.unlink()
    assert "DISK001" in standing.now.text
    assert "resume=run-001" in standing.now.text
    assert status(standing)["round"] >= 1
    standing.now = resume(standing, "second")
    standing.now.until("going on after round")


def test_a_killed_serverapp_is_marked(standing):
    wait_for(lambda: status(standing).get("phase") == "train", "training", standing.now)
    kill(standing.serving, "flwr-serverapp")
    assert standing.now.finish() == 1
    assert "resume=run-001" in standing.now.text
    assert status(standing)["state"] == "interrupted"
    kept = {path.parent.name for path in standing.folder.rglob("control-round-*.pth")}
    assert kept == set(KEYS), "at each hospital, and nowhere else"
    standing.second = resume(standing, "third")
    standing.second.until("going on after round")


def test_a_killed_superlink_is_named_by_everybody(standing):
    until_round(standing, standing.second, 2)
    kill(standing.serving, "server.centre.superlink")
    assert standing.serving.finish() == 1
    assert "CENTRE003" in standing.serving.text
    assert standing.second.finish() == 1
    wait_for(lambda: status(standing)["state"] == "interrupted", "the ServerApp to write down its end")
    assert "resume=run-001" in status(standing)["resume_command"]
    for key in KEYS:
        standing.joined[key].until("the centre does not answer")


def test_resumed_it_ends_in_the_weights_of_a_run_that_nobody_disturbed(standing, simulate, tmp_path):
    standing.serve()
    wrong = resume(standing, "wrong", "strategy.wait_seconds=300")
    assert wrong.finish() == 2, "a resumed run keeps its settings"
    last = resume(standing, "last")
    assert last.finish() == 0, last.text
    history = json.loads(standing.output.history.read_text())
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert all(process.is_alive for process in standing.joined.values()), "hospitals reconnect by themselves"
    for process in (standing.now, standing.second, last, *standing.joined.values()):
        assert "Traceback" not in process.text, process.name
    reference = reference_weights(simulate, standing, tmp_path, ROUNDS, *SCAFFOLD)
    assert sha256_of(standing.output.best_weights) == sha256_of(reference)
    up, down = (
        [[part[way] for part in row["hospitals"].values()] for row in history] for way in ("bytes_up", "bytes_down")
    )
    assert max(map(max, up)) < standing.output.best_weights.stat().st_size, "differences alone are sent up"
    assert max(down[0]) < min(down[1])
    assert not list(standing.folder.rglob("control-round-*.pth")), "after the test nothing is kept"
