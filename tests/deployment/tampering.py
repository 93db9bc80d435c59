"""A hospital whose program was altered: the model that it trains is spoilt, in the way that a file says for the round.

The real ClientApp trains and answers; this stands between it and the message that leaves, as a Flower mod.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message
from flwr.clientapp.typing import ClientAppCallable

from common.model.weights import Arrays
from common.protocol import names
from tests.deployment.harness import ROOT

ORDER = "TEST_TAMPERING"  # names the file
_APPENDED = """

from tests.deployment.tampering import tampering_mod

app = make_client_app(_site_of_this_machine, [packing_mod, tampering_mod])
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


def tampering_mod(message: Message, context: Context, call_next: ClientAppCallable) -> Message:
    """Spoil the trained model, if the file says so for this round."""
    reply = call_next(message, context)
    how = json.loads(Path(os.environ[ORDER]).read_text()).get(str(message.content[names.CONFIG].get(names.ROUND)))
    if how and reply.has_content() and names.ARRAYS in reply.content:
        trained, received = (
            {name: array.numpy() for name, array in content[names.ARRAYS].items()}
            for content in (reply.content, message.content)
        )
        spoilt = SPOILT[how](trained, received)
        reply.content[names.ARRAYS] = ArrayRecord({name: Array(value) for name, value in spoilt.items()})
    return reply


def tampered_program(folder: Path, order: Path) -> dict[str, str]:
    """Copy the hospital's program and alter it; return the environment that runs the copy."""
    shutil.copytree(ROOT / "clients", folder / "clients", ignore=shutil.ignore_patterns("__pycache__"))
    app = folder / "clients" / "app.py"
    app.write_text(app.read_text() + _APPENDED)
    order.write_text("{}")
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), ORDER: str(order)}
