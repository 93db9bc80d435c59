"""A difference between two models in words: its interval, its p-value, and how many groups it rests on or needs."""

from dataclasses import dataclass

from common.metrics.intervals import Interval
from common.text import counted


def interval_points(ends: Interval) -> str:
    """Write the 95 % interval of a difference in points: ``"-3.1 to +5.0"``."""
    return f"{100 * ends[0]:+.1f} to {100 * ends[1]:+.1f}"


def p_text(p: float) -> str:
    """Write a p-value: ``"0.042"``, ``"<0.001"``."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


@dataclass(frozen=True)
class Behind:
    """What a difference rests on, and what would settle it."""

    difference: float
    interval: Interval
    groups: float
    needed: float | None
    """Groups, and the smallest difference that those at hand show: of `common.metrics.paired.needed`."""
    smallest: float | None
    noun: str = "patient"
    """What the groups are, for one."""
    seeds: int = 1

    @property
    def sentence(self) -> str:
        """Say it with the difference."""
        ends = interval_points(self.interval)
        return f"The difference of {100 * self.difference:+.1f} points ({ends}) rests on {self.words}"

    @property
    def words(self) -> str:
        """Say it from the number of groups on."""
        there, noun = counted(round(self.groups), self.noun), self.noun
        first = there + (f" and {counted(self.seeds, 'seed')}" if self.seeds > 1 else "")
        enough = self.needed is not None and self.needed <= self.groups
        if not self.interval[0] <= 0 <= self.interval[1]:
            if self.needed is None or enough:
                return f"{first}, which is enough."
            return f"{first}; about {about(self.needed)} would find it four times in five."
        if not self.smallest:
            return f"{first}."
        shows = f" Of {there}, a difference of {100 * self.smallest:.1f} points shows four times in five."
        if not self.difference:
            return f"{first}.{shows}"
        if self.needed is None or enough:  # what the seeds change hides it
            return f"{first}; seeds alone change it by more, so it takes more seeds before more {noun}s.{shows}"
        return f"{first}; about {about(self.needed)} would be needed to tell it from none.{shows}"


def about(number: float) -> str:
    """Write a number of groups with two digits, as it is no surer than that."""
    whole = round(number)
    return f"{round(whole, 2 - len(str(whole))):,}"
