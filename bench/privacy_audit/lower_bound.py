"""A lower bound on epsilon from guesses about one training run.

Each of m canaries was put among the training patients with probability one half. Who sees what training gives away
guesses of some of them whether they were there, and says nothing of the others. If training is (epsilon,
delta)-private, no way of guessing can be right much more often than randomised response with that epsilon, so that many
right guesses refute small epsilons. Steinke, Nasr and Jagielski, *Privacy auditing with one (1) training run*, NeurIPS
2023 (arXiv 2305.08846), theorem 5.2 and appendix D.

**What a number of canaries can show at most**: g guesses that are all right refute every epsilon up to about
log(g / 3). 200 canaries show at most 4, and with delta the most is less, and does not grow for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95
SHARES = (0.05, 0.15, 0.25, 0.45)
"""Of all canaries, guessed to have been there, and as many guessed not to have been."""
_HALVINGS = 40
_MOST = 50.0  # no epsilon above it is looked for

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bound:
    """What guesses show of epsilon."""

    canaries: int
    guesses: int
    right: int
    epsilon_lower_bound: float
    """Epsilon is at least this, at `confidence`; 0 shows nothing."""
    confidence: float
    epsilon_most: float
    """What the bound would be had every guess of every trial been right."""


def p_value(canaries: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """Return how probable at least so many right guesses are, at most, under (epsilon, delta)-privacy.

    With f(v) = P[Binomial(r, e^eps / (1 + e^eps)) >= v] for r guesses, of which v are right, it is
    ``f(v) + 2 m delta max over i of (f(v - i) - f(v)) / i`` (theorem 5.2 of arXiv 2305.08846).
    """
    from scipy.stats import binom  # half a second, which `--help` does without

    truth = 1.0 / (1.0 + np.exp(-epsilon))
    at_least = float(binom.sf(right - 1, guesses, truth))
    if not delta or not right:
        return min(at_least, 1.0)
    fewer = np.cumsum(binom.pmf(right - np.arange(1, right + 1), guesses, truth))  # f(v - i) - f(v)
    steepest = float((fewer / np.arange(1, right + 1)).max())
    return min(at_least + 2.0 * canaries * delta * steepest, 1.0)


@lru_cache(maxsize=4096)  # a simulation asks for the same counts again and again
def epsilon_at_least(canaries: int, guesses: int, right: int, delta: float, doubt: float) -> float:
    """Return the smallest epsilon that is not refuted: all below have a `p_value` under `doubt`."""
    low, high = 0.0, _MOST
    if p_value(canaries, guesses, right, low, delta) >= doubt:
        return 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if p_value(canaries, guesses, right, middle, delta) < doubt else (low, middle)
    return low


def bound_from(
    scores: Scores, included: npt.NDArray[np.bool_], delta: float, shares: Sequence[float] = SHARES
) -> Bound:
    """Guess the canaries with the highest scores to have been there and those with the lowest not, and bound epsilon.

    How many are guessed is tried for each of `shares`, and the best is taken. So each trial may be wrong with a
    probability of 5 % divided by their number (Bonferroni), and the best one is with at most 5 %.

    Parameters
    ----------
    scores : ndarray of float64, shape [m]
        The higher, the likelier the canary was there. They must not follow from `included` but through training.
    included : ndarray of bool, shape [m]
        Whether each was there, drawn with probability one half independently of all else.
    """
    count = len(scores)
    doubt = (1.0 - CONFIDENCE) / len(shares)
    order = np.argsort(scores, kind="stable")
    trials = []
    for share in shares:
        ends = max(1, int(share * count))
        right = int(included[order[-ends:]].sum() + (~included[order[:ends]]).sum())
        most = epsilon_at_least(count, 2 * ends, 2 * ends, delta, doubt)
        trials.append((epsilon_at_least(count, 2 * ends, right, delta, doubt), 2 * ends, right, most))
    epsilon, guesses, right, _ = max(trials, key=lambda trial: trial[0])
    return Bound(count, guesses, right, epsilon, CONFIDENCE, max(most for *_, most in trials))
