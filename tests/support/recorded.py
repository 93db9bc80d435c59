"""Whole runs with a ledger, of hospitals of three numbers: through the real life cycle, in well under a second."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from common import files
from common.artifacts import card
from common.artifacts.layout import RunFolder
from common.config.hospital import Hospital
from common.config.settings import ComputeSettings, DataPlan, DataSettings, RunSettings, TrainPlan
from common.model.state import state_from_arrays
from server.engines.inprocess import launch
from server.federation import exchange
from server.federation.external import warm_start
from server.federation.federation import Federation, make_server_app
from server.federation.lifecycle import Job, run_job
from server.recording.events import Listeners
from server.simulation import place_of
from tests.support.hospitals import LR, Hospitals, start_arrays

STEPS = {"a": 1.0, "b": 2.0, "c": 4.0}
SETTINGS = RunSettings(
    rounds=2,
    in_service=False,
    hospitals=list(STEPS),
    data=DataSettings(**vars(DataPlan(cross_hospital_check=False))),
    train=TrainPlan(lr=LR, schedule="constant"),
    compute=ComputeSettings(engine="inprocess", cores=1),
)


class Killed(BaseException):
    """In place of kill -9: nobody catches it, and nothing is tidied up."""


def first_weights(name: str, seed: int) -> dict[str, torch.Tensor]:
    """In place of ResNet18's: three numbers."""
    return state_from_arrays(start_arrays())


def record(
    output_dir: Path,
    patch: pytest.MonkeyPatch,
    *,
    resume: bool = False,
    hospitals: Hospitals | None = None,
    **changes: Any,
) -> RunFolder:
    """Run, or go on with run-001, from the first message to the last file."""
    patch.setattr(warm_start, "initial_weights", first_weights)
    patch.setattr(exchange, "_POLL_SECONDS", 0.0)
    patch.setattr(card, "card_text", lambda content: "a card")  # the command in a true one takes half the time
    public_keys = changes.pop("public_keys", None)
    settings = replace(SETTINGS, output_dir=str(output_dir), **changes)
    folder = RunFolder(output_dir, "run-001")
    hospitals = hospitals or Hospitals(STEPS)

    def work(progress: Any, recorder: Any) -> None:
        federation = Federation(
            settings,
            progress,
            recorder,
            Listeners([recorder]),
            threading.Event(),
            hospitals.names,
            place_of(settings),
            public_keys=public_keys,
        )
        launch(make_server_app(federation.run), hospitals, len(STEPS))  # type: ignore[arg-type]

    them = [Hospital(key, name, "made-up", key, (0.0, 0.0), "none", {}) for key, name in hospitals.names.items()]
    job = Job(settings, them, folder if resume else None, "server.simulate", "inprocess")
    run_job(job, Console(file=io.StringIO()), work)
    return folder


class Steps:
    """Counts what is done to the disk, and kills before a given step, or in the middle of a line."""

    def __init__(self, patch: pytest.MonkeyPatch, kill_at: int | None = None) -> None:
        self.count = 0
        self._kill_at = kill_at
        replace_, append, unlink = files.replace, files.append_line, Path.unlink
        patch.setattr(files, "replace", lambda *given, **more: self._then(replace_, *given, **more))
        patch.setattr(files, "append_line", lambda *given, **more: self._line(append, *given, **more))
        patch.setattr(Path, "unlink", lambda *given, **more: self._then(unlink, *given, **more))

    def _then(self, act: Any, *given: Any, **more: Any) -> Any:
        self.count += 1
        if self.count == self._kill_at:
            raise Killed
        return act(*given, **more)

    def _line(self, act: Any, path: Path, line: bytes, *given: Any, **more: Any) -> None:
        """Half the kills in a line leave the beginning of it."""
        if self.count + 1 == self._kill_at and self._kill_at % 2:
            with path.open("ab") as file:
                file.write(line[: len(line) // 2])
        self._then(act, path, line, *given, **more)
