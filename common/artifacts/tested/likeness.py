"""``likeness`` of ``model_meta.json``, over all hospitals or of one, in words and rows; what is not there is left out.

Likeness is the highest correlation of a slice's thumbnail with any slice that its own hospital trained on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.artifacts.values import count, interval, mapping, number, sequence, text
from common.artifacts.words import NOTHING, share_text
from common.metrics.intervals import Interval
from common.text import listed

LIKENESS_HEAD = ("Likeness to the nearest training slice", "Test slices", "Patients", "Accuracy")
NOT_TOLD = "How much test slices look like those trained on was not told for this run."


@dataclass(frozen=True)
class Alike:
    """Test slices of one range of likeness."""

    start: float | None
    """Lowest likeness; None where there is no lower end."""
    end: float | None
    """Above all of them; None where there is no upper end."""
    slices: int
    accuracy: float | None
    """A fraction; None of no slices."""
    interval: Interval | None
    patients: int | None = None
    """Known or guessed; one who has slices in two ranges counts in both."""

    @property
    def name(self) -> str:
        """Its range: ``"0.85 to 0.90"``."""
        if self.start is None:
            return "any" if self.end is None else f"below {self.end:.2f}"
        return f"{self.start:.2f} or more" if self.end is None else f"{self.start:.2f} to {self.end:.2f}"


def alike(metrics: Mapping[str, Any]) -> list[Alike]:
    """Return the ranges that were told, rising, by ``metrics`` of all hospitals or of one."""
    found = [_range(mapping(each)) for each in sequence(mapping(metrics.get("likeness")).get("bins"))]
    return [each for each in found if each is not None]


def unlike(metrics: Mapping[str, Any]) -> Alike | None:
    """Return the test slices that look like none that was trained on; None where they were not told apart."""
    found = _range(mapping(mapping(metrics.get("likeness")).get("unlike")))
    return found if found and found.end is not None else None


def unlike_sentence(metrics: Mapping[str, Any]) -> str | None:
    """Say how a model does on them: "Slices unlike any trained on (likeness below 0.90): 74.1 % (68–79) of 212."."""
    found = unlike(metrics)
    if found is None:
        return None
    which = f"lices unlike any trained on (likeness below {found.end:.2f})"
    if found.accuracy is None:
        return f"No test s{which}."
    return f"S{which}: {share_text(found.accuracy, found.interval, sign=' %')} of {found.slices:,}.{_left_out(metrics)}"


def likeness_rows(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return each range with its slices, patients and accuracy."""
    return [
        [
            each.name,
            f"{each.slices:,}",
            NOTHING if each.patients is None else f"{each.patients:,}",
            NOTHING if each.accuracy is None else share_text(each.accuracy, each.interval),
        ]
        for each in alike(metrics)
    ]


def _left_out(metrics: Mapping[str, Any]) -> str:
    names = [name for name in sequence(mapping(metrics.get("likeness")).get("left_out")) if text(name)]
    return f" Without {listed(names)}, where too few slices are on one side or nothing may be told." if names else ""


def _range(body: Mapping[str, Any]) -> Alike | None:
    slices, value = count(body.get("slices")), _fraction(body.get("test_accuracy"))
    if slices is None or (slices and value is None):
        return None
    start, end = (_likeness(body.get(key)) for key in ("from", "below"))
    if not slices:
        return Alike(start, end, 0, None, None, 0)
    ends = interval(body.get("interval"))
    sure = ends if ends and 0 <= ends[0] <= ends[1] <= 1 else None
    return Alike(start, end, slices, value, sure, count(body.get("patients")))


def _fraction(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and 0 <= found <= 1 else None


def _likeness(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and -1 <= found <= 1 else None
