"""Values out of a file that may be old, half-written or edited by hand; what does not fit is left out and noted."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from common.errors import Problem
from common.files import JSON_BYTES, read_text

MAX_JSON_BYTES = JSON_BYTES


@dataclass
class Notes:
    """Collects the problems of one file while it is read, each sentence once."""

    file: str
    """Its name, as every sentence calls it."""
    problems: list[Problem] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Note one sentence, once."""
        problem = Problem(self.file, sentence)
        if problem not in self.problems:
            self.problems.append(problem)


def read_json(path: Path, notes: Notes, *, missing: str | None = None) -> Any:
    """Read one JSON file; None, with a sentence in `notes`, if it cannot be read.

    Parameters
    ----------
    missing : str or None
        Sentence for a file that is not there; None if that is in order.
    """
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            notes.add(f"{notes.file} is larger than {MAX_JSON_BYTES // 1_000_000} MB and was not opened.")
            return None
        found = json.loads(read_text(path, MAX_JSON_BYTES))
        if found is None:
            notes.add(f"{notes.file} holds nothing (null); the rest is shown.")
        return found
    except FileNotFoundError:
        if missing:
            notes.add(missing)
    except json.JSONDecodeError as error:
        notes.add(
            f"{notes.file} is not valid JSON (line {error.lineno}): it is damaged or half-written; the rest is shown."
        )
    except (OSError, ValueError, RecursionError) as error:
        notes.add(f"{notes.file} cannot be read ({type(error).__name__}); the rest is shown.")
    return None


def number(value: Any) -> float | None:
    """Return a finite number as float, anything else as None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def count(value: Any) -> int | None:
    """Return a whole number that is not negative, anything else as None."""
    result = number(value)
    return int(result) if result is not None and result >= 0 and result == int(result) else None


def text(value: Any) -> str | None:
    """Return a string that is not empty, anything else as None."""
    return value if isinstance(value, str) and value else None


def texts(value: Any) -> tuple[str, ...]:
    """Return the strings of a list, in order."""
    return tuple(item for item in sequence(value) if isinstance(item, str))


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, anything else as an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: Any) -> Sequence[Any]:
    """Return a JSON list, anything else as an empty one."""
    return value if isinstance(value, list | tuple) else ()


def counts(value: Any) -> dict[str, int]:
    """Return the whole numbers of an object such as ``{"glioma": 12}``."""
    return {str(key): number_ for key, item in mapping(value).items() if (number_ := count(item)) is not None}


def matrix(value: Any, size: int) -> tuple[tuple[int, ...], ...] | None:
    """Return a square table of whole numbers, None if it is anything else."""
    rows = tuple(tuple(count(cell) for cell in sequence(row)) for row in sequence(value))
    if len(rows) != size or any(len(row) != size or None in row for row in rows):
        return None
    return tuple(tuple(cell or 0 for cell in row) for row in rows)


def interval(value: Any) -> tuple[float, float] | None:
    """Return ``[low, high]`` as a pair of numbers, None if it is anything else."""
    ends = [number(item) for item in sequence(value)]
    if len(ends) != 2 or ends[0] is None or ends[1] is None or ends[0] > ends[1]:
        return None
    return ends[0], ends[1]


def moment(value: str | None) -> datetime | None:
    """Read an ISO 8601 time; one without a zone (version 1) is taken as local. None if it is no time."""
    if not value:
        return None
    try:
        return datetime.fromisoformat(value).astimezone()
    except (ValueError, OverflowError, OSError):
        return None
