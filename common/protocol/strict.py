"""Values of a message, read strictly: whoever sent it may be anybody."""

import math
from collections.abc import Mapping
from typing import Any

from common.errors import InputError
from common.text import shown


def whole(record: Mapping[str, Any], name: str, low: int, high: int, default: int | None = None) -> int:
    """Return a whole number within bounds; raises `InputError` ``PLAN005``."""
    value = record.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise unreadable(name, value, f"a whole number from {low} to {high}")
    return value


def finite(record: Mapping[str, Any], name: str, default: float) -> float:
    """Return a finite number; raises `InputError` ``PLAN005``."""
    value = record.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise unreadable(name, value, "a number")
    return float(value)


def text(record: Mapping[str, Any], name: str, most: int, default: str | None = None) -> str:
    """Return a text of at most so many characters; raises `InputError` ``PLAN005``."""
    value = record.get(name, default)
    if not isinstance(value, str) or len(value) > most:
        raise unreadable(name, value, f"a text of at most {most:,} characters")
    return value


def unreadable(name: str, value: Any, takes: str) -> InputError:
    """Return the refusal of a value."""
    return InputError("PLAN005", f"The server sent {name}={shown(value)}, which takes {takes}; use the same version.")
