"""What a setting takes, kept beside its default: `setting` puts a `Bound` under the field, `out_of_bounds` reads it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import Field, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")

Problem = tuple[str, object, str]  # the setting's dotted name, its value, and what it takes


@dataclass(frozen=True)
class Bound:
    """The values that a setting takes; null never reaches `holds`, for the type says whether it may stand."""

    takes: str
    """Ends the sentence "train.lr takes ..."."""
    holds: Callable[[Any], bool]


def setting(default: T, bound: Bound) -> T:
    """Return a dataclass field with a default and the values that it takes."""
    return field(default=default, metadata={"bound": bound})


def whole_from(lowest: int, why: str = "", most: int = 100_000) -> Bound:
    """Take a whole number from `lowest` to `most`."""
    return Bound(f"a whole number from {lowest} to {most}{why}", lambda value: lowest <= value <= most)


def one_of(*words: str) -> Bound:
    """Take one of some words."""
    return Bound(" or ".join(filter(None, (", ".join(words[:-1]), words[-1]))), words.__contains__)


def not_negative(most: float) -> Bound:
    """Take a number from zero to `most`."""
    return Bound(f"0 or more, up to {most:g}", lambda value: 0 <= value <= most)


def above_zero(kind: str, most: float) -> Bound:
    """Take a number above zero and up to `most`; `kind` is for example ``"number of seconds"``."""
    return Bound(f"a {kind} above 0 and up to {most:g}", lambda value: 0 < value <= most)


# some text that a person can read and type again
PLACE = Bound("a path", lambda path: 0 < len(path.strip()) <= 4000 and path.isprintable())


def below_one(kind: str = "share") -> Bound:
    """Take 0 up to, but not including, 1."""
    return Bound(f"a {kind} from 0 to below 1", lambda value: 0 <= value < 1)


def is_finite(value: Any) -> bool:
    """Tell whether a value is no number, or one that a float holds."""
    try:
        return not isinstance(value, float | int) or math.isfinite(value)
    except OverflowError:
        return False


def walk(settings: Any, prefix: str = "") -> Iterator[tuple[str, Any, Field[Any]]]:
    """Yield every setting's dotted name, such as ``"train.lr"``, its value and its field."""
    for each in fields(settings):
        value = getattr(settings, each.name)
        if is_dataclass(value):
            yield from walk(value, f"{prefix}{each.name}.")
        else:
            yield f"{prefix}{each.name}", value, each


def out_of_bounds(settings: Any, prefix: str = "") -> Iterator[Problem]:
    """Yield the settings whose own value cannot be; rules across settings are not looked at."""
    for name, value, each in walk(settings, prefix):
        bound: Bound | None = each.metadata.get("bound")
        if value is None or not (bound or isinstance(value, float)):
            continue
        if not is_finite(value):  # every comparison with NaN is false, so it is first
            yield name, value, bound.takes if bound else "a finite number"
        elif bound and not bound.holds(value):
            yield name, value, bound.takes
