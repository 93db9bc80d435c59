"""Small parts of answers: a setting or a figure as a sentence has it, and nothing where it is not recorded."""

from collections.abc import Iterable, Mapping
from typing import Any

from common.artifacts.values import count, number
from common.artifacts.words import interval_text
from common.dossier.items import Answer
from common.metrics.intervals import Interval
from common.text import printable


def answer(sentences: Iterable[str | None], *files: str) -> Answer | None:
    """Return the sentences that are known, one after the other; None where none is."""
    known = [printable(sentence) for sentence in sentences if sentence]
    return Answer(" ".join(known), files) if known else None


def says(template: str, *values: Any) -> str | None:
    """Fill a sentence; None where one of its values is not recorded."""
    return None if any(value is None or value == "" for value in values) else template.format(*values)


def share(value: Any, ends: Interval | None = None) -> str | None:
    """Write a fraction in percent with its interval: ``"88.6 % (84.9–91.4)"``."""
    known = number(value)
    if known is None:
        return None
    return f"{100 * known:.1f} %" + (f" ({interval_text(ends)})" if ends else "")


def decimal(value: Any, ends: Interval | None = None) -> str | None:
    """Write a figure from 0 to 1 as such with its interval: ``"0.942 (0.911–0.967)"``."""
    known = number(value)
    if known is None:
        return None
    return f"{known:.3f}" + (f" ({ends[0]:.3f}–{ends[1]:.3f})" if ends else "")


def whole(value: Any) -> str | None:
    """Write a count with its thousands parted."""
    known = count(value)
    return None if known is None else f"{known:,}"


def plain(body: Mapping[str, Any], key: str) -> str | None:
    """Write a setting as it stands; None where it is not there."""
    value = body.get(key)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, str | int) and value != "" else None
