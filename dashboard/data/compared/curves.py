"""Curves of a comparison: one of each entry, of several seeds the mean and how far they reach."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from common.artifacts.schema import Round, Run
from dashboard.data.compared.entries import Entry
from dashboard.data.rounds import Measure

AGAINST: dict[str, str] = {"round": "Round", "bytes": "Traffic (MB)", "seconds": "Time (s)"}


@dataclass(frozen=True)
class Line:
    """One entry's curve: `x` in rounds, megabytes or seconds, `y` as a fraction or a loss."""

    key: str
    title: str
    state: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    """The lowest of the seeds; empty of a run alone."""
    high: tuple[float, ...] = ()


def line(entry: Entry, measure: Measure, against: str = "round", place: str | None = None) -> Line | None:
    """Return an entry's curve, None if it did not record what is drawn or what it is drawn against.

    Of several seeds, only the rounds that all of them recorded: a mean over fewer would jump.
    """
    drawn = [_points(run, against, lambda round_: measure.of(round_, place)) for run in entry.runs.values()]
    numbers = sorted(set.intersection(*(set(points) for points in drawn)))
    if not numbers:
        return None
    xs = [_mean([points[number][0] for points in drawn]) for number in numbers]
    values = [[points[number][1] for points in drawn] for number in numbers]
    ends = [tuple(end(each) for each in values) for end in (min, max)] if entry.repeated else [(), ()]
    return Line(entry.key, entry.title, entry.first.state, tuple(xs), tuple(map(_mean, values)), *ends)


def _points(run: Run, against: str, value: Callable[[Round], float | None]) -> dict[int, tuple[float, float]]:
    """Return x and y of every round that recorded both, by its number."""
    xs = _positions(run, against)
    if xs is None:
        return {}
    pairs = [(round_.number, x, value(round_)) for x, round_ in zip(xs, run.rounds, strict=True)]
    return {number: (x, y) for number, x, y in pairs if y is not None}


def _positions(run: Run, against: str) -> list[float] | None:
    if against == "round":
        return [float(round_.number) for round_ in run.rounds]
    raw = [round_.bytes_total if against == "bytes" else round_.seconds for round_ in run.rounds]
    if any(value is None for value in raw):
        return None
    scale = 1e6 if against == "bytes" else 1.0
    return list(accumulate((value or 0.0) / scale for value in raw))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
