"""The small networks' rows in the table of networks; read without PyTorch."""

import os
from pathlib import Path

from common.config.architectures import ARCHITECTURES, Architecture

REAL = dict(ARCHITECTURES)
ROWS = {
    "resnet18": Architecture("ResNet18", "tests.support.small_network:build", state_bytes=712_848),
    "resnet18_gn": Architecture(
        REAL["resnet18_gn"].title,
        "tests.support.small_network:build_gn",
        state_bytes=724_528,
        batch_norm=False,
    ),
}

_FOLDER = Path(__file__).parent / "small_everywhere"
EVERYWHERE = {"PYTHONPATH": os.pathsep.join([str(_FOLDER), str(Path(__file__).resolve().parents[2])])}
"""What a process's environment holds, so that it and all that it starts build the small ones."""
