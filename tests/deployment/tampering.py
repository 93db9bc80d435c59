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
from common.protocol.messages import Task
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


def _large(trained: Arrays, received: Arrays) -> Arrays:
    floats = [name for name, value in trained.items() if value.dtype.kind == "f" and "running" not in name]
    return trained | {name: received[name] + 1000 * (trained[name] - received[name]) for name in floats}


SPOILT: Mapping[str, Callable[[Arrays, Arrays], Arrays]] = {"nan": _nan, "shape": _shape, "large": _large}


def tamper() -> None:
    """Let this process's hospital spoil the model that it trained, if the file says so for the round."""
    from clients import handlers

    honest = handlers.train

    def train(site: Site, task: Task) -> tuple[Arrays, TrainResult]:
        trained, result = honest(site, task)
        how = json.loads(Path(os.environ[ORDER]).read_text()).get(str(task.server_round))
        return SPOILT[how](trained, task.arrays) if how else trained, result

    handlers.train = train


def tampered_program(folder: Path, order: Path) -> dict[str, str]:
    """Copy the hospital's program and alter it; return the environment that runs the copy."""
    shutil.copytree(ROOT / "clients", folder / "clients", ignore=shutil.ignore_patterns("__pycache__"))
    app = folder / "clients" / "app.py"
    app.write_text(app.read_text() + _APPENDED)
    order.write_text("{}")
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), ORDER: str(order)}
