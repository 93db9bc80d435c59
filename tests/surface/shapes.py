"""Which keys a file has, and of which types their values are: one line for each key."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

NAMES = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    list: "list",
    dict: "object",
    type(None): "null",
}
STAND_INS = {
    **dict.fromkeys(("Phantom Jaipur", "Phantom Hyderabad", "Phantom Kolkata"), "<hospital>"),
    **dict.fromkeys(("phantom_jaipur", "phantom_hyderabad", "phantom_kolkata"), "<key>"),
    **dict.fromkeys(("glioma", "meningioma", "pituitary", "notumor"), "<class>"),
}


def load(path: Path) -> Any:
    """Read JSON, lines of JSON, or YAML."""
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    return yaml.safe_load(path.read_text()) if path.suffix == ".yaml" else json.loads(path.read_text())


def type_name(value: object) -> str:
    """Return a type's name as a person would say it."""
    return NAMES.get(type(value), type(value).__name__)


def leaves(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Give each value with its full name; list elements share one, and so do hospitals, classes and numbers."""
    if isinstance(value, dict) and value:
        for key, child in value.items():
            name = "<number>" if key.isdigit() else STAND_INS.get(key, key)  # of a bin, say
            yield from leaves(child, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list) and value:
        for child in value:
            yield from leaves(child, f"{place}[]")
    else:
        yield place, value


def flat(value: dict[str, Any], place: str = "") -> dict[str, object]:
    """Return full name to value; a list is a value."""
    found: dict[str, object] = {}
    for key, child in value.items():
        name = f"{place}{key}"
        found |= flat(child, f"{name}.") if isinstance(child, dict) else {name: child}
    return found


def keys(contents: dict[str, list[Any]]) -> dict[str, str]:
    """Return a line for each key.

    Parameters
    ----------
    contents : dict of str to list
        What files of one kind hold, by whose they are; a key that not all of these have says who has it.
    """
    types: dict[str, set[str]] = {}
    owners: dict[str, set[str]] = {}
    for owner, several in contents.items():
        for place, value in (leaf for content in several for leaf in leaves(content)):
            types.setdefault(place, set()).add(type_name(value))
            owners.setdefault(place, set()).add(owner)
    empty = {place for place in types if any(other.startswith((f"{place}[", f"{place}.")) for other in types)}
    for place in empty & {place for place in types if types[place] <= {"list", "object"}}:
        del types[place]  # empty in one file and not in another, which figures decide
    return {place: " | ".join(sorted(types[place])) + only(owners[place], set(contents)) for place in sorted(types)}


def only(owners: set[str], everybody: set[str]) -> str:
    """Say who has something, if not everybody has."""
    return "" if owners == everybody else f"  (only {', '.join(sorted(owners))})"
