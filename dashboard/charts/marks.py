"""How one series is drawn: colour, symbol and dash together; hospitals and runs share none of the three but the dash.

A hospital keeps its mark on every page and in every run: `Palette.slots` numbers all that the folder knows. Runs and
strategies are numbered by their order in the chart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.charts.theme import Palette

HOSPITAL_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star")
RUN_SYMBOLS = ("triangle-down", "x", "bowtie", "triangle-left", "hourglass", "hexagram")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


@dataclass(frozen=True)
class Mark:
    """How one series is drawn: colour, symbol and dash always together."""

    colour: str
    symbol: str
    dash: str


def hospital_marks(names: Sequence[str], colours: Palette) -> dict[str, Mark]:
    """Give each hospital its mark; one that the folder does not know yet gets the next free one, in this order."""
    slots = _slots(names, colours.slots)
    return {name: _mark(slots[name], colours.hospitals, HOSPITAL_SYMBOLS) for name in names}


def run_marks(names: Sequence[str], colours: Palette) -> dict[str, Mark]:
    """Give each run, or strategy, in this order, a mark that no hospital has (the first six differ in all cues)."""
    return {name: _mark(i, colours.runs, RUN_SYMBOLS) for i, name in enumerate(names)}


def _slots(names: Sequence[str], known: Mapping[str, int]) -> dict[str, int]:
    unknown = [name for name in dict.fromkeys(names) if name not in known]
    first = max(known.values(), default=-1) + 1
    return {**known, **{name: first + i for i, name in enumerate(unknown)}}


def _mark(number: int, colours: Sequence[str], symbols: Sequence[str]) -> Mark:
    turn = number + number // len(colours)  # the second time around, a colour has another symbol
    return Mark(colours[number % len(colours)], symbols[turn % len(symbols)], DASHES[turn % len(DASHES)])
