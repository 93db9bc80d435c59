"""How sure a recorded figure is: the one place that knows under which keys ``model_meta.json`` keeps intervals."""

from __future__ import annotations

from typing import Any

from common.artifacts.read_values import count, interval, mapping
from common.metrics.intervals import Interval, wider

SURE = "95 % intervals: the wider ends of Wilson's and of a bootstrap over {groups:,} groups of related slices."
SURE_OF_SLICES = "95 % intervals are Wilson's, as if no two slices were related."


def recorded_interval(intervals: Any, figure: str, of: str | None = None) -> Interval | None:
    """Return the wider ends of a figure's recorded 95 % intervals, as fractions.

    Parameters
    ----------
    intervals : object
        ``intervals`` of all hospitals or of one, as read; anything else gives None.
    figure : str
        For example ``"test_accuracy"`` or ``"per_class_recall"``.
    of : str, optional
        The class.
    """
    found = []
    for source in (mapping(intervals), mapping(mapping(intervals).get("bootstrap"))):
        value = source.get(figure)
        found.append(_ends(mapping(value).get(of) if of is not None else value))
    return wider(*found)


def how_sure(intervals: Any) -> str:
    """Say in a sentence what the intervals are made of."""
    groups = count(mapping(mapping(intervals).get("bootstrap")).get("groups"))
    return SURE.format(groups=groups) if groups else SURE_OF_SLICES


def _ends(value: Any) -> Interval | None:
    ends = interval(value)
    return ends if ends is not None and 0.0 <= ends[0] <= ends[1] <= 1.0 else None
