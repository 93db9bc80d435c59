"""A hospital whose program was altered: the model that it trains is spoilt, in the way that a file says for the round.

The real ClientApp trains and answers; this stands between training and the chain that the model leaves through.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from clients.site import Site
from common.metrics.evaluation import TrainResult
from common.model.weights import Arrays
from common.protocol.messages import Record, Task
from tests.deployment.harness import ROOT

ORDER = "TEST_TAMPERING"  # names the file
_APPENDED = """

from tests.deployment.tampering import tamper

tamper()
"""


def _nan(trained: Arrays, received: Arrays) -> Arrays:
    weight = trained["layer3.0.conv1.weight"].copy()
    weight.flat[17] = np.nan
    return trained | {"layer3.0.conv1.weight": weight}


def _shape(trained: Arrays, received: Arrays) -> Arrays:
    return trained | {"fc.weight": trained["fc.weight"].T.copy()}


def _times(factor: float) -> Callable[[Arrays, Arrays], Arrays]:
    """Go another way than the training went, or further."""

    def spoil(trained: Arrays, received: Arrays) -> Arrays:
        floats = [name for name, value in trained.items() if value.dtype.kind == "f" and "running" not in name]
        return trained | {name: _along(received[name].astype(np.float32), trained[name], factor) for name in floats}

    return spoil


def _along(start: np.ndarray, end: np.ndarray, factor: float) -> np.ndarray:
    return np.asarray(start + factor * (end - start), dtype=np.float32)


def _statistics(value: float) -> Callable[[Arrays, Arrays], Arrays]:
    def spoil(trained: Arrays, received: Arrays) -> Arrays:
        return trained | {name: np.full_like(array, value) for name, array in trained.items() if "running_var" in name}

    return spoil


SPOILT: Mapping[str, Callable[[Arrays, Arrays], Arrays]] = {
    "nan": _nan,
    "shape": _shape,
    "large": _times(1000),
    "no variance": _statistics(0.0),
    "huge variance": _statistics(3e38),
    "opposite": _times(-4),
}
LIES: Mapping[str, Mapping[str, float]] = {
    "loss not finite": {"loss": float("nan")},
    "seconds without end": {"seconds": float("inf")},
    "steps not finite": {"steps": float("nan")},
    "10^18 slices": {"num-examples": 10**18},
    "accuracy 20": {"accuracy": 20.0},
}
"""What a hospital may say of its training instead of the truth."""


def tamper() -> None:
    """Let this process's hospital spoil what it trained, or lie about it, if the file says so for the round."""
    from clients import app, handlers

    honest, true_record = handlers.train, app.training_record
    now: list[str] = []

    def train(site: Site, task: Task) -> tuple[Arrays, TrainResult]:
        trained, result = honest(site, task)
        now[:] = [how] if (how := json.loads(Path(os.environ[ORDER]).read_text()).get(str(task.server_round))) else []
        return SPOILT[how](trained, task.arrays) if how in SPOILT else trained, result

    def training_record(result: TrainResult) -> Record:
        return {**true_record(result), **(LIES.get(now[0], {}) if now else {})}

    handlers.train, app.training_record = train, training_record


def tampered_program(folder: Path, order: Path) -> dict[str, str]:
    """Copy the hospital's program and alter it; return the environment that runs the copy."""
    shutil.copytree(ROOT / "clients", folder / "clients", ignore=shutil.ignore_patterns("__pycache__"))
    app = folder / "clients" / "app.py"
    app.write_text(app.read_text() + _APPENDED)
    order.write_text("{}")
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), ORDER: str(order)}
