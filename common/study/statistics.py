"""What is compared: accuracy, macro F1 and each class's recall, of a confusion matrix.

A mean over seeds and how sure it is: Student's t, since seeds are few and their spread is not known beforehand.

From an interval to plain words; nothing is called a gain that another seed might undo.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from common.labels import CLASSES
from common.metrics.confusion import Confusion, add_confusions, figures
from common.metrics.intervals import CONFIDENCE, Interval
from common.study.records import CellResult


@dataclass(frozen=True)
class Measure:
    """One figure."""

    key: str
    """As in JSON: ``"accuracy"``, ``"macro_f1"``, ``"recall_glioma"``."""
    title: str
    """On the terminal."""
    of: Callable[[Confusion], float | None]
    """Confusion matrix to a fraction, or to None where there is no case."""
    cases: Callable[[Confusion], int] | None = None
    """How many slices it is a share of; None for a figure that is no share."""


def _accuracy(confusion: Confusion) -> float | None:
    total = int(confusion.sum())
    return float(np.trace(confusion)) / total if total else None


def _all_cases(confusion: Confusion) -> int:
    return int(confusion.sum())


def _cases(index: int, confusion: Confusion) -> int:
    return int(confusion[index].sum())


def _macro_f1(confusion: Confusion) -> float | None:
    return figures(confusion).macro_f1 if confusion.sum() else None


def _recall(index: int, confusion: Confusion) -> float | None:
    cases = _cases(index, confusion)
    return float(confusion[index, index]) / cases if cases else None


ACCURACY = Measure("accuracy", "accuracy", _accuracy, _all_cases)
MACRO_F1 = Measure("macro_f1", "macro F1", _macro_f1)
MEASURES: tuple[Measure, ...] = (
    ACCURACY,
    MACRO_F1,
    *(
        Measure(f"recall_{name}", f"recall {name}", partial(_recall, i), partial(_cases, i))
        for i, name in enumerate(CLASSES)
    ),
)


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds, in the unit of the values."""

    mean: float
    interval: Interval | None
    """95 % interval of the mean; None with one value, which cannot tell how much another would differ."""
    spread: float | None
    """Standard deviation of the values (n - 1 in the denominator); None with one value."""
    n: int
    """Values, at least 1."""


SHARE = (0.0, 1.0)
DIFFERENCE = (-1.0, 1.0)


def estimate(values: Sequence[float], within: Interval = DIFFERENCE) -> Estimate | None:
    """Return the mean of `values` with its 95 % interval (Student, Biometrika 1908); None for no value.

    Parameters
    ----------
    values : sequence of float
        One a seed, or one paired difference a seed.
    within : tuple of float
        Where a mean can be at all: `SHARE` or `DIFFERENCE`; with two seeds an interval would often reach beyond.
    """
    n = len(values)
    if not n:
        return None
    mean = float(np.mean(values))
    if n == 1:
        return Estimate(mean, None, None, 1)
    spread = float(np.std(values, ddof=1))
    half = student(n - 1) * spread / n**0.5
    return Estimate(mean, (max(mean - half, within[0]), min(mean + half, within[1])), spread, n)


@cache
def student(freedom: int) -> float:
    """Return how many standard errors a 95 % interval reaches to either side."""
    from scipy.stats import t  # a second, which a mistyped command does without

    return float(t.ppf((1 + CONFIDENCE) / 2, freedom))


_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
BETTER, WORSE, SMALL, UNDECIDED, ONE_SEED, UNKNOWN = ("better", "worse", "small", "undecided", "one_seed", "unknown")


@dataclass(frozen=True)
class Verdict:
    """What a paired difference says.

    Attributes
    ----------
    kind : str
        ``"better"`` or ``"worse"``: the interval leaves out zero and the mean is larger than the spread between seeds.
        ``"small"``: the interval leaves out zero, but the mean is smaller than that spread. ``"undecided"``: zero is in
        the interval. ``"one_seed"``, ``"unknown"``: too few seeds to say anything.
    words : str
        The end of a sentence, without a full stop.
    """

    kind: str
    words: str


def verdict(difference: Estimate | None, spread: float | None, shown_by: str | None = None) -> Verdict:
    """Judge a difference of fractions.

    Parameters
    ----------
    difference : Estimate or None
        Subject minus reference, paired by seed; None where no seed has both.
    spread : float or None
        How much the figure itself moves from seed to seed: the larger standard deviation of the two.
    shown_by : str, optional
        What the interval rests on, where that is not the seeds: "five folds with one seed".
    """
    if difference is None:
        return Verdict(UNKNOWN, "not known, since no seed has both runs complete")
    if difference.interval is None:
        rests_on = shown_by or "one seed"
        return Verdict(ONE_SEED, f"{points(difference.mean)} points with {rests_on}, and {rests_on} cannot tell")
    low, high = difference.interval
    if low <= 0.0 <= high:
        said = f"no difference that {shown_by or seeds(difference.n)} can show"
        return Verdict(UNDECIDED, f"{said} ({points(difference.mean)} points; {points(low)} to {points(high)})")
    way = BETTER if difference.mean > 0 else WORSE
    size = abs(difference.mean)
    ends = sorted((abs(low), abs(high)))
    within = f"({_plain(ends[0])} to {_plain(ends[1])})"
    if size < max(spread or 0.0, difference.spread or 0.0):
        moves = max(spread or 0.0, difference.spread or 0.0)
        return Verdict(
            SMALL,
            f"{way} by {_plain(size)} points {within} on the same splits, which is less than the figure moves from one "
            f"seed to the next ({_plain(moves)} points): nothing to count on",
        )
    return Verdict(way, f"{way} by {_plain(size)} points {within}")


def seeds(number: int) -> str:
    """Write a number of seeds: "one seed", "three seeds", "15 seeds"."""
    return many(number, "seed")


def many(number: int, what: str) -> str:
    """Write a number of things, in words up to twelve: "one hospital", "three folds", "15 seeds"."""
    return f"{_WORDS[number] if number < len(_WORDS) else number} {what}{'' if number == 1 else 's'}"


def points(fraction: float) -> str:
    """Write a difference of fractions in percentage points with its sign: "+3.1"; what rounds to nothing is "0.0"."""
    text = f"{100 * fraction:+.1f}"
    return text[1:] if text in ("+0.0", "-0.0") else text


def _plain(fraction: float) -> str:
    return f"{100 * fraction:.1f}"


def confusion_at(result: CellResult, places: Sequence[str]) -> Confusion | None:
    """Add up a cell's confusion matrices over some hospitals; None if one of them did not answer.

    Parameters
    ----------
    places : sequence of str
        Names of hospitals. A sum over fewer would be another quantity, so that it is not given.
    """
    if not places or any(name not in result.tests for name in places):
        return None
    return add_confusions(result.tests[name] for name in places)
