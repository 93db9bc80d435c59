"""Noise that hospitals share: each adds a part, and the sum that secure aggregation opens carries the whole.

One round is one step. Each hospital adds the clipped gradients of the patients that it has drawn, adds its part of the
noise, and sends the step that follows. Noise adds up in squares: with a `threshold` of t, below which no sum is opened,
a part is the whole over sqrt(t), so t parts are the whole, and more are more. Whoever helps the centre takes its own
part off: of t parts t - 1 are left against the centre with one hospital, and one against the centre with all others.

A second step in the same round would be of no use: its gradient is taken where the first left the weights, at one
hospital alone with its part of the noise alone, and depends on it in a way that no sum makes up for.

**Whole numbers.** A hospital rounds its step to those of `common.secagg.quantise`. The sum of rounded Gaussians is
distributed as the rounded sum of the Gaussians and of a uniform number for each hospital but one: as something that can
be made of the sum alone, so nothing is lost by it. That holds but for what their spectra overlap, ``exp(-(pi r)**2)``
where a part's deviation is r steps (Widrow and Kollar, Quantization noise, 2008), and `FEWEST_STEPS` makes that less
than 1e-60.
"""

import math
from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from common.config.dp import DpPlan
from common.config.privacy import MOST
from common.model.weights import AnyArray

MOST_NOISE = 1e6  # a multiplier
FEWEST_STEPS = 4.0
"""Of the ring in a part's deviation."""
_UNLIKELY = 1e-9  # that any hospital's update of a whole run is longer than the bounds, and so is not sent
_DRAWS = 100_000 * MOST  # no run has more rounds and hospitals
_ROUNDING = 1.001
_ULP = 2.0**-23  # of float32, in which a hospital adds the step to the model


def part_of(noise: float, threshold: int) -> float:
    """Return one hospital's part of a noise multiplier."""
    return noise / math.sqrt(threshold)


def left_against(noise: float, threshold: int) -> tuple[float, float, float]:
    """Return the noise multiplier that is left against the centre, with one hospital, and with all but one.

    That is of as many parts as the smallest sum has, of one less, and of one.
    """
    part = part_of(noise, threshold)
    return noise, part * math.sqrt(threshold - 1), part


def most_drawn(patients_per_step: int, chance: float) -> int:
    """Return how many patients a step draws at most, but with that chance.

    Each is drawn by itself and m, `patients_per_step`, are expected at most, so by Chernoff n or more have a chance of
    at most ``exp(n - m) * (m / n)**n``, however many there are.
    """
    number = patients_per_step
    while number - patients_per_step + number * math.log(patients_per_step / number) > math.log(chance):
        number += 1
    return number


def longest_steps(weights: Mapping[str, AnyArray], dp: DpPlan, part: float, rate: float) -> dict[str, float]:
    """Return how far one hospital's step moves a weight of each tensor; only an unlikely one is longer.

    Parameters
    ----------
    weights : mapping of str to ndarray
        The model that was sent.
    part : float
        The hospital's part of the noise multiplier.
    """
    count = max(1, sum(value.size for value in weights.values()))
    deviations = -NormalDist().inv_cdf(_UNLIKELY / (4 * _DRAWS * count))  # two sides, and half for the patients
    patients = most_drawn(dp.patients_per_step, _UNLIKELY / (2 * _DRAWS))
    step = _ROUNDING * rate * dp.clip * (patients + deviations * part) / dp.patients_per_step
    largest = {name: float(np.abs(value).max(initial=0.0)) for name, value in weights.items()}
    return {name: step + _ULP * (value + step) for name, value in largest.items()}


def part_in_steps(dp: DpPlan, part: float, rate: float, step: float) -> float:
    """Return the deviation of a hospital's part of the noise in steps of the ring, each worth `step` of a weight."""
    return rate * dp.clip * part / dp.patients_per_step / step
