"""From settings to the overrides of ``python -m server.simulate`` that compose them again: only what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from common.config import compose_settings
from common.errors import InputError
from common.settings import RunSettings


def run_arguments(settings: RunSettings) -> list[str]:
    """Return the overrides of a new run, for example ``["strategy=fedavg", "rounds=3"]``.

    Raises
    ------
    InputError
        ``STUDY004`` if a value does not survive the command line (a path with signs that Hydra reads as its own).
    """
    name = f"strategy={settings.strategy.name}"
    default, wanted = flat(asdict(compose_settings([name]))), flat(asdict(settings))
    arguments = [name, *(f"{key}={_written(value)}" for key, value in wanted.items() if value != default[key])]
    if compose_settings(arguments) != settings:
        raise InputError("STUDY004", f"These settings cannot be handed to a run: {' '.join(arguments)}")
    return arguments


def resume_arguments(settings: RunSettings, run_id: str) -> list[str]:
    """Return the overrides that go on with a run: where things are may have changed, nothing else."""
    return [
        f"resume={run_id}",
        f"output_dir={_written(settings.output_dir)}",
        f"data.root={_written(settings.data.root)}",
        f"data.cache_dir={_written(settings.data.cache_dir)}",
        f"compute.engine={settings.compute.engine}",
        f"compute.device={settings.compute.device}",
    ]


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings by dotted name, such as ``"train.lr"``."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return found


def _written(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{','.join(_written(item) for item in value)}]"
    return f"'{_escaped(value)}'" if isinstance(value, str) else str(value)


def _escaped(text: str) -> str:
    return text.replace("'", "\\'")
