"""Single fields of a DICOM header from anybody: text on one line, finite numbers, and nothing where it is damaged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from common.text import plain

if TYPE_CHECKING:
    from pydicom import Dataset

MOST_LETTERS = 64  # what DICOM allows in a short text


def text_in(header: Dataset, name: str) -> str:
    """Return a field as one line of text; empty where it is missing or damaged."""
    value = value_in(header, name)
    return "" if value is None else plain(str(value), MOST_LETTERS)


def number_in(header: Dataset, name: str) -> float | None:
    """Return a field as a finite number, None where it is none."""
    try:
        number = float(value_in(header, name))
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def value_in(header: Dataset, name: str) -> Any:
    """Return a field's value, the first of several; None where it is missing, empty or damaged."""
    try:
        value = header.get(name)
    except Exception:  # pydicom converts on access, and damage shows only then, as nearly any built-in error
        return None
    if isinstance(value, list) or type(value).__name__ == "MultiValue":
        return value[0] if len(value) else None
    return value if value not in ("", None) else None
