"""How much privacy steps of noisy, Poisson-sampled gradients cost: epsilon at a delta, by Opacus' accountants.

Neighbours differ by one unit that is added or removed. Two bounds are worked out, and the lower one holds, since each
is an upper bound by itself: numerical composition (PRV, arXiv 2106.02848), with its own error added, and moments (RDP,
arXiv 1908.10530), which is some 10 % higher. The first works with exp(epsilon), which no float holds from 700 on; there
the second is left.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

NOISE = (1e-2, 1e5)
"""Noise multipliers that can be accounted for."""

_ORDERS = (
    *(1 + each / 1000 for each in (1, 2, 5)),  # for an epsilon of hundreds
    *(1 + each / 100 for each in range(1, 10)),
    *(1 + each / 10 for each in range(1, 20)),
    *(1 + each / 2 for each in range(4, 18)),
    *(10, 12, 14, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 512),  # for an epsilon of hundredths
)
_ERROR, _LEAST_ERROR, _MOST_ERROR = 0.005, 0.001, 0.5  # of PRV's epsilon: relative, and within which bounds
_LARGEST = 700.0  # epsilon whose exponential a float holds
_MOST_POINTS = 1_000_000  # of its grid: some 300 MB
_CLOSE = 1e-3  # how much larger than needed a chosen noise may be, relative
_DIGITS = 4  # of a chosen noise


@dataclass(frozen=True)
class Spending:
    """Steps of one kind.

    Attributes
    ----------
    noise_multiplier : float
        Standard deviation of the noise over the clip, which is the most that one unit adds to the sum.
    rate : float
        With which each unit is drawn in a step, by itself.
    steps : int
        How many.
    """

    noise_multiplier: float
    rate: float
    steps: int


def epsilon_of(history: Sequence[Spending], delta: float) -> float:
    """Return an upper bound of the epsilon that steps have cost together; infinite where no number can hold it."""
    steps: dict[tuple[float, float], int] = {}
    for each in history:
        kind = each.noise_multiplier, each.rate
        steps[kind] = steps.get(kind, 0) + each.steps
    return _epsilon(tuple((*kind, count) for kind, count in sorted(steps.items()) if count), delta)


@lru_cache(maxsize=4096)
def _epsilon(history: tuple[tuple[float, float, int], ...], delta: float) -> float:
    """Return as `epsilon_of`, from (noise multiplier, rate, steps) of each kind."""
    if not history:
        return 0.0
    from opacus.accountants import PRVAccountant, RDPAccountant  # it brings PyTorch

    moments, numerical = RDPAccountant(), PRVAccountant()
    moments.history = numerical.history = list(history)
    with warnings.catch_warnings():  # of orders at the end of their range, and of logarithms of 0
        warnings.simplefilter("ignore")
        bound = max(0.0, float(moments.get_epsilon(delta, alphas=list(_ORDERS))))
        error = _error(bound, sum(count for *_, count in history), delta)
        if bound > _LARGEST or error > _MOST_ERROR:
            return bound
        try:
            closer = float(numerical.get_epsilon(delta, eps_error=error))
        except (ValueError, RuntimeError, ArithmeticError):  # its grid cannot hold this history
            return bound
    return min(bound, closer) if closer > 0 else bound  # NaN and what is no epsilon are not taken


def _error(bound: float, steps: int, delta: float) -> float:
    """Return the error of epsilon that PRV is asked for: small, unless its grid would have too many points.

    Its grid reaches from -L to L, with L somewhat above the bound, at distances of the error over `spread` (theorem 5.5
    of the paper, as Opacus has it).
    """
    spread = math.sqrt(steps * math.log(12 * 1000 / delta) / 2)
    coarsest = 2 * (1.5 * bound + 4) * spread / _MOST_POINTS
    return max(min(_ERROR * bound, _MOST_ERROR), _LEAST_ERROR, coarsest)


def noise_for(epsilon: float, delta: float, rate: float, steps: int) -> float:
    """Return the smallest noise multiplier, within 0.1 %, with which steps cost no more than `epsilon`.

    Raises
    ------
    ValueError
        If no noise that can be accounted for is enough.
    """
    from scipy.optimize import brentq

    def excess(log_noise: float) -> float:
        cost = epsilon_of([Spending(math.exp(log_noise), rate, steps)], delta)
        return min(math.log(cost / epsilon), 10.0) if cost else -10.0

    low, high = map(math.log, NOISE)
    right = max(low, min(high, 0.0))
    while excess(right) > 0:
        if right >= high:
            raise ValueError(f"no noise makes {steps} steps cost an epsilon of {epsilon:g}")
        right = min(right + 1.0, high)
    left = right
    while excess(left) <= 0:
        if left <= low:
            return NOISE[0]
        left = max(left - 1.0, low)
    right = min(right, left + 1.0)
    noise = math.exp(brentq(excess, left, right, xtol=_CLOSE / 2))
    while epsilon_of([Spending(noise := _rounded_up(noise), rate, steps)], delta) > epsilon:
        noise *= 1 + _CLOSE / 4
    return noise


def _rounded_up(noise: float) -> float:
    scale = 10.0 ** (_DIGITS - 1 - math.floor(math.log10(noise)))
    return math.ceil(noise * scale) / scale


def steps_left(history: Sequence[Spending], epsilon: float, delta: float, noise: float, rate: float, most: int) -> int:
    """Return how many more steps cost no more than `epsilon` together with what was spent; `most` at the most."""

    def fits(steps: int) -> bool:
        return epsilon_of([*history, Spending(noise, rate, steps)], delta) <= epsilon

    if fits(most):
        return most
    fit, beyond = 0, most
    while beyond - fit > 1:
        middle = (fit + beyond) // 2
        fit, beyond = (middle, beyond) if fits(middle) else (fit, middle)
    return fit
