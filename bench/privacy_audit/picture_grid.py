"""Slices above and what an attack made of them below, as one picture."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from common.files import write_bytes

_ENLARGED = 4
_GAP = 4  # pixels


def write_grid(path: Path, seen: Tensor, made: Tensor) -> None:
    """Write both rows, each ``[B, S, S]`` with levels from 0 to 1, as a PNG; its folder is made."""
    rows = [_row(np.asarray(pictures)) for pictures in (seen, made)]
    gap = np.full((_GAP, rows[0].shape[1]), 255, np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    Image.fromarray(np.vstack([rows[0], gap, rows[1]])).save(buffer, "PNG")
    write_bytes(path, buffer.getvalue())


def _row(pictures: np.ndarray) -> np.ndarray:
    levels = (np.clip(pictures, 0.0, 1.0) * 255).round().astype(np.uint8)
    large = levels.repeat(_ENLARGED, axis=1).repeat(_ENLARGED, axis=2)
    gap = np.full((large.shape[1], _GAP), 255, np.uint8)
    return np.hstack([part for each in large for part in (each, gap)][:-1])
