"""One temperature that makes stated confidence honest, fitted by a server that sees no prediction.

Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017): all scores are divided by one number T, chosen so
that the negative log-likelihood of the validation slices is smallest. T changes no predicted class. Here every hospital
returns that likelihood's sum at each temperature of a fixed grid; sums add up, so the server's choice is the very one
that the pooled predictions would give.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

Sums = npt.NDArray[np.float64]

# 0.25 to 4 in steps of 2.2 %, 1 among them: finer steps change no probability by more than a fraction of a point
GRID: tuple[float, ...] = tuple(2.0 ** (step / 32) for step in range(-64, 65))


def nll_sums(logits: torch.Tensor, labels: torch.Tensor) -> Sums:
    """Sum the negative log-likelihood at each temperature of `GRID`.

    Parameters
    ----------
    logits : Tensor of float, shape [N, 4]
        Scores as the model gives them.
    labels : Tensor of int64, shape [N]
        True classes.

    Returns
    -------
    ndarray of float64, shape [129]
        Nats; zeros where there is no case.
    """
    scores = logits.double()
    sums = [functional.cross_entropy(scores / heat, labels, reduction="sum").item() for heat in GRID]
    return np.asarray(sums, dtype=np.float64)


def add_sums(parts: Iterable[Sums]) -> Sums:
    """Add several hospitals' sums, shape [129]; none at all gives zeros."""
    return sum(parts, start=np.zeros(len(GRID)))


def best_temperature(sums: Sums) -> float | None:
    """Return the temperature with the smallest sum; of equals the one nearest to 1.

    Parameters
    ----------
    sums : ndarray of float64, shape [129]
        As `nll_sums` or `add_sums` gives them.

    Returns
    -------
    float or None
        None where every sum is 0: there was no case.
    """
    if not sums.any():
        return None
    equals = np.flatnonzero(sums == sums.min())
    return GRID[min(equals, key=lambda index: abs(index - len(GRID) // 2))]


def is_at_edge(temperature: float) -> bool:
    """Tell whether a temperature is an end of `GRID`, so that the true optimum may lie beyond it."""
    return not GRID[0] < temperature < GRID[-1]


def in_range(temperature: float) -> bool:
    """Tell whether a number can be a temperature of this project: within the ends of `GRID`."""
    return GRID[0] <= temperature <= GRID[-1]
