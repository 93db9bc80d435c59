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


def whole_from(lowest: int, why: str = "") -> Bound:
    """Take a whole number from `lowest` on."""
    return Bound(f"a whole number from {lowest}{why}", lambda value: value >= lowest)


def one_of(*words: str) -> Bound:
    """Take one of some words."""
    return Bound(" or ".join(filter(None, (", ".join(words[:-1]), words[-1]))), words.__contains__)


def not_negative() -> Bound:
    """Take any finite number that is not below zero."""
    return Bound("0 or more", lambda value: math.isfinite(value) and value >= 0)


def above_zero(takes: str) -> Bound:
    """Take any number above zero."""
    return Bound(takes, lambda value: value > 0)


def below_one(kind: str = "share") -> Bound:
    """Take 0 up to, but not including, 1."""
    return Bound(f"a {kind} from 0 to below 1", lambda value: 0 <= value < 1)


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
        if bound and value is not None and not bound.holds(value):
            yield name, value, bound.takes
