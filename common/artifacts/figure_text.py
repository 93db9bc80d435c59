"""How a share from ``model_meta.json`` is written beside its cases: the same on screen and in files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.artifacts.read_intervals import recorded_interval
from common.metrics.intervals import Interval

NOTHING = "–"


def ends_of(figures: Mapping[str, Any], figure: str, label: str | None = None) -> Interval | None:
    """Return the recorded 95 % interval of one of a hospital's or of all figures, as `recorded_interval` does."""
    return recorded_interval(figures["intervals"], figure, label)


def share_text(value: float, ends: Interval | None, digits: int = 1) -> str:
    """Write a fraction in percent with its interval: ``"88.6 (84.9–91.4)"``.

    Parameters
    ----------
    value : float
        A fraction.
    ends : tuple of float, optional
        Fractions.
    digits : int
        After the point.
    """
    if ends is None:
        return f"{100 * value:.{digits}f}"
    return f"{100 * value:.{digits}f} ({100 * ends[0]:.{digits}f}–{100 * ends[1]:.{digits}f})"


def accuracy_texts(samples: int, figures: Mapping[str, Any], macro_f1: float) -> list[str]:
    """Write slices, accuracy and macro F1 of one hospital or of all; dashes where no slice was tested."""
    if not samples:
        return ["0", NOTHING, NOTHING]
    accuracy = share_text(figures["test_accuracy"], ends_of(figures, "test_accuracy"))
    return [f"{samples:,}", accuracy, share_text(macro_f1, ends_of(figures, "macro_f1"))]


def marked(cases: int, few: bool) -> str:
    """Write a number of cases, with a mark where so few leave the figures nearly empty: ``"12*"``."""
    return f"{cases:,}{'*' if few else ''}"
