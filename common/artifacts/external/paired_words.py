"""A difference between two models in words: its interval, its p-value, and how many groups it rests on or needs."""

from common.metrics.intervals import Interval
from common.text import counted


def interval_points(ends: Interval) -> str:
    """Write the 95 % interval of a difference in points: ``"-3.1 to +5.0"``."""
    return f"{100 * ends[0]:+.1f} to {100 * ends[1]:+.1f}"


def p_text(p: float) -> str:
    """Write a p-value: ``"0.042"``, ``"<0.001"``."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def rests_on(
    difference: float,
    interval: Interval,
    groups: float,
    needed: float | None,
    smallest: float | None,
    *,
    noun: str = "patient",
    seeds: int = 1,
) -> str:
    """Say what a difference rests on, and what would settle it.

    Parameters
    ----------
    needed, smallest : float or None
        Of `common.metrics.paired.needed`.
    noun : str
        What the groups are, for one.
    """
    there = counted(round(groups), noun)
    over = f" and {counted(seeds, 'seed')}" if seeds > 1 else ""
    first = f"The difference of {100 * difference:+.1f} points ({interval_points(interval)}) rests on {there}{over}"
    if not interval[0] <= 0 <= interval[1]:
        again = needed is not None and needed > groups
        return (
            f"{first}; about {about(needed)} would find it four times in five."
            if again
            else f"{first}, which is enough."
        )
    shows = f" Of {there}, a difference of {100 * smallest:.1f} points shows four times in five." if smallest else ""
    if not smallest or not difference:
        return f"{first}.{shows}"
    if needed is None or needed <= groups:  # what the seeds change hides it
        return f"{first}; seeds alone change it by more, so it takes more seeds before more {noun}s.{shows}"
    return f"{first}; about {about(needed)} would be needed to tell it from none.{shows}"


def about(number: float) -> str:
    """Write a number of groups with two digits, as it is no surer than that."""
    whole = round(number)
    return f"{round(whole, 2 - len(str(whole))):,}"
