"""Read what a hospital says of itself: it is not trusted, and what cannot be is refused before it is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flwr.app import Message

from common.labels import CLASSES
from common.protocol import names
from common.protocol.messages import Description

_TEXTS = ("key", "name", "dataset_id", "specialty", "files_sha256", "device", "precision")
_FINDING = ("code", "severity", "sentence")


def description_of(reply: Message) -> Description | str:
    """Read a description, or say in a clause why it cannot be used.

    Parameters
    ----------
    reply : Message
        An answer that `screening.refusal` accepts.
    """
    try:
        description = Description.from_json(str(reply.content[names.DESCRIPTION]["json"]))
    except (KeyError, TypeError, ValueError):
        return "its description cannot be read"
    problem = _problem(description)
    return f"its description cannot be: {problem}" if problem else description


def _problem(said: Description) -> str | None:
    if not all(isinstance(getattr(said, name), str) for name in _TEXTS):
        return "a text is missing"
    if not _is_place(said.location):
        return "its location is no pair of degrees"
    if not _is_count(said.file_count) or not _is_count(said.groups_across_splits):
        return "a count is no whole number"
    return _split_problem(said) or _numbers_problem(said.numbers) or _shares_problem(said.split_counts)


def _split_problem(said: Description) -> str | None:
    splits = (said.train_idx, said.val_idx, said.test_idx)
    if not all(isinstance(split, list) and all(_is_count(index) for index in split) for split in splits):
        return "its split is no list of indices"
    together = [index for split in splits for index in split]
    if len(set(together)) < len(together) or any(index >= said.file_count for index in together):
        return "its split counts a slice twice, or one that it does not have"
    return None


def _numbers_problem(numbers: object) -> str | None:
    if not isinstance(numbers, dict) or not _is_count(numbers.get("total_samples")):
        return "its slices are not counted"
    held = numbers.get("class_distribution") or {}
    if not _counts_classes(held) or sum(held.values()) != numbers["total_samples"]:
        return "its classes do not add up to its slices"
    folders, audit = numbers.get("unmatched_folders"), numbers.get("audit")
    if not isinstance(folders, list) or not all(isinstance(name, str) for name in folders):
        return "its list of folders is none"
    if not isinstance(audit, list) or not all(_is_finding(finding) for finding in audit):
        return "its audit cannot be read"
    return None


def _shares_problem(counts: object) -> str | None:
    if isinstance(counts, dict) and all(_counts_classes(part) for part in counts.values()):
        return None
    return "its split is not counted"


def _counts_classes(counts: Any) -> bool:
    return isinstance(counts, dict) and set(counts) <= set(CLASSES) and all(_is_count(n) for n in counts.values())


def _is_finding(finding: object) -> bool:
    return isinstance(finding, Mapping) and all(isinstance(finding.get(name), str) for name in _FINDING)


def _is_place(location: object) -> bool:
    if not isinstance(location, list) or len(location) != 2:
        return False
    return all(isinstance(degrees, int | float) and math.isfinite(degrees) for degrees in location)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
