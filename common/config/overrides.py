"""From settings back to the overrides of ``python -m server.simulate``: only what differs from the defaults."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

# where things lie and how the machine is used; threads and device may change a figure and are none of these
NO_FIGURE = (
    "output_dir",
    "resume",
    "in_service",
    "keep_updates",
    "data.root",
    "data.cache_dir",
    "compute.engine",
    "compute.cores",
)
_WORD = re.compile(
    r"\.|(?!(null|true|false|nan|inf)$)([a-z]|\.{0,2}/)[\w./-]*", re.IGNORECASE | re.ASCII
)  # a path counts as one


def overrides_of(settings: Mapping[str, Any]) -> list[str]:
    """Return the overrides that compose settings again, for example ``["strategy=fedavg", "rounds=3"]``.

    Parameters
    ----------
    settings : mapping
        The fields of `RunSettings`, nested; those that are absent stand as configured.
    """
    name = settings.get("strategy", {}).get("name")
    first = (f"strategy={name}",) if name else ()
    default = _defaults(first)
    return [*first, *(f"{key}={written(value)}" for key, value in flat(settings).items() if value != default[key])]


@cache
def _defaults(overrides: tuple[str, ...]) -> dict[str, Any]:
    """Return the settings that these overrides alone compose, by dotted name."""
    from common.config.hydra import compose_settings  # brings Hydra, which quoting a value does without

    return flat(asdict(compose_settings(list(overrides))))


def figure_overrides(settings: Mapping[str, Any]) -> list[str]:
    """Return the overrides that the figures of a run follow from; places, engine and cores are left out.

    Parameters
    ----------
    settings : mapping
        As ``model_meta.json`` keeps them.
    """
    return [each for each in overrides_of(settings) if each.partition("=")[0] not in NO_FIGURE]


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings by dotted name, such as ``"train.lr"``."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return found


def written(value: Any) -> str:
    """Return a value in Hydra's grammar; a text that is no plain word is quoted."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{','.join(written(item) for item in value)}]"
    return quoted(value) if isinstance(value, str) and not _WORD.fullmatch(value) else str(value)


def quoted(text: str) -> str:
    """Return a text in Hydra's single quotes, whatever signs are in it.

    A backslash has a meaning of its own, and so is doubled, only before a quote, at the end, and before ``${``, which
    would refer to another setting.
    """
    literal = re.sub(r"(\\*)\$\{", lambda run: rf"{run[1] * 2}\${{", text)
    return "'" + re.sub(r"(\\*)('|\Z)", lambda run: run[1] * 2 + ("\\'" if run[2] else ""), literal) + "'"
