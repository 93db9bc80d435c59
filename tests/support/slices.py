"""Slices that a test can train on in a moment, and networks that are small enough for it."""

import numpy as np
import torch
from torch import nn

from common.labels import NUM_CLASSES
from common.training.batches import Slices

SIZE = 32


def some_slices(count: int = 24, size: int = SIZE, seed: int = 0) -> Slices:
    """Noise whose level tells the class; every slice is another."""
    chance = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % NUM_CLASSES
    pixels = chance.integers(0, 60, (count, size, size, 3)) + 45 * labels[:, None, None, None]
    return Slices(pixels.astype(np.uint8), labels)


def small_model(size: int = SIZE, seed: int = 0) -> nn.Module:
    """A network without batch normalisation that takes no time; the same weights for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.AvgPool2d(size // 4), nn.Flatten(), nn.Linear(48, NUM_CLASSES))
