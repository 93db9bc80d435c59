"""From an interval to plain words; nothing is called a gain that another seed might undo."""

from __future__ import annotations

from dataclasses import dataclass

from common.study.estimate import Estimate

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


def verdict(difference: Estimate | None, spread: float | None) -> Verdict:
    """Judge a difference of fractions.

    Parameters
    ----------
    difference : Estimate or None
        Subject minus reference, paired by seed; None where no seed has both.
    spread : float or None
        How much the figure itself moves from seed to seed: the larger standard deviation of the two.
    """
    if difference is None:
        return Verdict(UNKNOWN, "not known, since no seed has both runs complete")
    if difference.interval is None:
        return Verdict(ONE_SEED, f"{points(difference.mean)} points with one seed, and one seed cannot tell")
    low, high = difference.interval
    if low <= 0.0 <= high:
        said = f"no difference that {seeds(difference.n)} can show"
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
    return f"{_WORDS[number] if number < len(_WORDS) else number} seed{'' if number == 1 else 's'}"


def points(fraction: float) -> str:
    """Write a difference of fractions in percentage points with its sign: "+3.1"; what rounds to nothing is "0.0"."""
    text = f"{100 * fraction:+.1f}"
    return text[1:] if text in ("+0.0", "-0.0") else text


def _plain(fraction: float) -> str:
    return f"{100 * fraction:.1f}"
