"""Timing on a machine that others use as well: contestants take turns, block by block, and medians are compared."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Block = Callable[[], int]


def alternate(contestants: Mapping[str, Block], repeats: int) -> dict[str, list[float]]:
    """Time every contestant in turn, `repeats` times round.

    Parameters
    ----------
    contestants : mapping of str to callable
        Each does one block of work and returns how many images that was.
    repeats : int
        Turns of each.

    Returns
    -------
    dict of str to list of float
        Images per second of each block.
    """
    speeds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, block in contestants.items():
            started = time.perf_counter()
            images = block()
            speeds[name].append(images / (time.perf_counter() - started))
    return speeds


def median_ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median ratio of blocks that ran one after the other: a busy minute slows both."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
