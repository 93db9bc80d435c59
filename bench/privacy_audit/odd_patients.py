"""Canary patients whose slices a program draws: unlike any other, so that only who trained on them knows their labels.

Each slice is a coarse pattern of colours drawn by lot, and so is its label. A model that never saw a slice names it
right by chance alone; one that did has nothing to go by but memory.
"""

import numpy as np
import numpy.typing as npt

from common.labels import NUM_CLASSES
from common.training.batches import Slices

SLICES = 4
"""Of each patient."""
_CELLS = 4
"""Of the pattern along each side; finer ones do not survive a network's pooling."""


def odd_patients(count: int, side: int, seed: int) -> Slices:
    """Draw `SLICES` slices of each of `count` patients, one patient after the other, `side` pixels wide."""
    chance = np.random.Generator(np.random.PCG64(seed))
    number = count * SLICES
    cells = chance.integers(0, 256, (number, _CELLS, _CELLS, 3), dtype=np.uint8)
    place = np.arange(side) * _CELLS // side
    pixels: npt.NDArray[np.uint8] = cells[:, place][:, :, place]
    return Slices(pixels, chance.integers(0, NUM_CLASSES, number))
