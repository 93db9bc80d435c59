"""A real run from the page's functions: started, stopped, resumed, killed, resumed; its weights are the same."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from common.artifacts.live.record import Live, load_live
from common.artifacts.load import load_run
from common.artifacts.schema import Run
from dashboard.data import live
from dashboard.data.begin import launch, starting
from tests.conftest import base_overrides

SMALL = Path(__file__).resolve().parents[1] / "support" / "small_everywhere"
SETTINGS = ("rounds=3", "train.local_epochs=12", "data.cross_hospital_check=false")
ROUNDS = 3


def until(look: Callable[[], object], seconds: float = 120.0) -> float:
    """Wait for something; return how long it took."""
    started = time.monotonic()
    while not look():
        assert time.monotonic() - started < seconds
        time.sleep(0.02)
    return time.monotonic() - started


class Watched:
    """The run of a folder, as the pages read it."""

    def __init__(self, output_dir: Path) -> None:
        self.output_dir = output_dir
        self.folder = output_dir / "artifacts" / "run-001"
        self.states: set[str] = set()

    def run(self) -> Run:
        return load_run(self.folder)

    def has(self, rounds: int) -> bool:
        self.note()
        return len(self.run().rounds) >= rounds

    def note(self) -> Live | None:
        found = load_live(self.folder)
        for part in found.hospitals.values() if found else ():
            self.states.add(f"{part.task} of steps" if part.total else part.state)
        return found

    def numbered(self) -> bool:
        found = starting.look(self.output_dir)
        return found is not None and found.run_id == "run-001"


def test_started_stopped_killed_and_resumed_it_ends_in_the_same_weights(
    phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulate: Callable[..., object]
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SMALL), os.environ.get("PYTHONPATH", "")]))
    settings = [each for each in base_overrides(phantoms, tmp_path / "cache") if not each.startswith("rounds=")]
    watched = Watched(tmp_path / "out")

    launch.start([*settings, *SETTINGS], watched.output_dir)
    found = starting.look(watched.output_dir)
    assert found is not None
    assert found.state == "starting"
    until(watched.numbered)
    until(lambda: watched.has(1))
    assert live.now_of(watched.run()).kind in ("alive", "slow")

    launch.stop(watched.run())
    until(lambda: watched.run().state == "interrupted")
    log = (watched.output_dir / str(watched.run().status.log)).read_text()
    assert "left out of train" not in log, "a hospital that stops with the run has not failed"
    assert watched.run().status.missing_hospitals == ()
    assert load_live(watched.folder) is None

    words = launch.resumable(watched.run())
    assert words == ["server.simulate", "resume=run-001"]
    process = launch.resume(words, watched.output_dir)
    until(lambda: watched.has(2))
    os.kill(process.pid, signal.SIGKILL)  # nobody waits for it: it stays as a zombie, which is dead too
    assert until(lambda: live.now_of(watched.run()).kind == "dead", 5) < 5
    assert watched.run().state == "running"
    assert launch.resumable(watched.run()) == words
    launch.resume(words, watched.output_dir)
    until(lambda: watched.note() is None and watched.run().state == "completed")

    assert {"waiting", "done", "training of steps"} <= watched.states
    meta = json.loads((watched.folder / "model_meta.json").read_text())
    assert watched.run().status.earlier_seconds
    ledger = (watched.folder / "ledger.jsonl").read_text()
    assert "progress.json" not in ledger
    simulate(f"output_dir={tmp_path / 'undisturbed'}", *SETTINGS)
    undisturbed = json.loads((tmp_path / "undisturbed/artifacts/run-001/model_meta.json").read_text())
    assert meta["sha256"] == undisturbed["sha256"]
