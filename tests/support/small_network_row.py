"""The small network's row in the table of networks; read without PyTorch."""

import os
from pathlib import Path

from common.config.architectures import ARCHITECTURES, Architecture

REAL = ARCHITECTURES["resnet18"]
ROW = Architecture("ResNet18", "tests.support.small_network:build", state_bytes=712_848)

_FOLDER = Path(__file__).parent / "small_everywhere"
EVERYWHERE = {"PYTHONPATH": os.pathsep.join([str(_FOLDER), str(Path(__file__).resolve().parents[2])])}
"""What a process's environment holds, so that it and all that it starts build the small network."""
