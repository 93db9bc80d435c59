"""Canary patients whose slices a program draws: unlike any other, so that only who trained on them knows their labels.

A patient's slices show one coarse pattern of colours, drawn by lot as its label is. A model that never saw the patient
names it right by chance alone; one that did has nothing to go by but memory.
"""

import numpy as np

from common.labels import NUM_CLASSES
from common.training.batches import Slices

SLICES = 4
"""Of each patient."""
_CELLS = 4
"""Of a pattern along each side; finer ones do not survive a network's pooling."""
_GRAIN = 16
"""Largest difference of a grey level between two slices of a patient, so that no two are alike."""


def odd_patients(count: int, side: int, seed: int) -> Slices:
    """Draw `SLICES` slices of each of `count` patients, one patient after the other, `side` pixels wide."""
    chance = np.random.Generator(np.random.PCG64(seed))
    pattern = chance.integers(0, 256 - _GRAIN, (count, _CELLS, _CELLS, 3), dtype=np.uint8)
    place = np.arange(side) * _CELLS // side
    whole = np.repeat(pattern[:, place][:, :, place], SLICES, axis=0)
    grain = chance.integers(0, _GRAIN, whole.shape, dtype=np.uint8)
    return Slices(whole + grain, np.repeat(chance.integers(0, NUM_CLASSES, count), SLICES))
