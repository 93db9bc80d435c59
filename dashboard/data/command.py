"""Composes the overrides of ``python -m server.simulate``; refuses what is not one ``setting=value``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.config.bounds import walk
from common.config.overrides import quoted
from common.config.settings import RunSettings
from common.errors import InputError
from dashboard.settings import ROOT

_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?")
_BARE = re.compile(r"[\w./+-]+")
_LISTED = ("experiment", "strategy", "hospital")
_STUDY = re.compile(r"^study:", re.MULTILINE)
GROUPS = ("experiment", "strategy", "model", "compute", "data", "train")


@dataclass(frozen=True)
class Choices:
    """Names of the files under ``conf/`` that a run can be composed of."""

    experiments: list[str]
    strategies: list[str]
    hospitals: list[str]


def choices(conf: Path = ROOT / "conf") -> Choices:
    """List what ``conf/`` offers; an experiment that is a study of many runs is none for one run."""
    experiments, strategies, hospitals = (sorted((conf / group).glob("*.yaml")) for group in _LISTED)
    single = [path for path in experiments if not _STUDY.search(path.read_text(encoding="utf-8"))]
    return Choices(*([path.stem for path in paths] for paths in (single, strategies, hospitals)))


def overrides(values: Mapping[str, Any], further: str = "") -> list[str]:
    """Compose the overrides.

    Parameters
    ----------
    values : Mapping
        Setting to value; None, an empty text and an empty list mean "as configured".
    further : str
        More of them, ``setting=value``, one a line.

    Returns
    -------
    list of str
        For example ``["experiment=demo", "rounds=3"]``, in the order given.

    Raises
    ------
    InputError
        ``DASH001`` for a line that is no setting of `RunSettings`, ``DASH002`` for a rate that is no number.
    """
    found: list[str] = []
    for name, value in values.items():
        if value in (None, "", [], ()):
            continue
        if name == "train.lr" and not _NUMBER.fullmatch(str(value).strip()):
            raise InputError("DASH002", f"The learning rate '{value}' is not a number; write it as 1e-4 or 0.0001.")
        found.append(f"{name}={_value(value)}")
    for line in (part.strip() for part in further.splitlines()):
        if line:
            found.append(_checked(line))
    return found


def shell(arguments: list[str]) -> str:
    """Return the command as one pastes it into a terminal."""
    return shlex.join(["python", "-m", "server.simulate", *arguments])


def setting_names() -> list[str]:
    """Return every setting by its dotted name, for example ``"train.augment.flip"``."""
    return [name for name, _, _ in walk(RunSettings())]


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{','.join(str(item) for item in value)}]"
    text = str(value).strip()
    # Hydra reads commas, braces and spaces as its own grammar; quotes keep them a plain text
    return text if _BARE.fullmatch(text) else quoted(text)


def _checked(line: str) -> str:
    name, equals, value = line.partition("=")
    if not equals or name not in (*setting_names(), *GROUPS):
        raise InputError(
            "DASH001", f"'{line[:60]}' is no setting; write setting=value with a name from common/config/settings.py."
        )
    return f"{name}={value}"
