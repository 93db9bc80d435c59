"""YAML that may come from elsewhere, such as a run's settings or a hospital's file: plain values and nothing else.

Hydra's files may refer to other values and to the machine (``${oc.env:HOME}``). In a file of somebody else's that would
print what is none of their business, so here ``${`` is a text like any other. Aliases (``*name``) are refused: a few
lines of them can stand for more values than fit into memory.
"""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any, ClassVar

import yaml  # type: ignore[import-untyped]

from common import files

UNREADABLE = (OSError, ValueError, RecursionError, yaml.YAMLError)
_DATE = "tag:yaml.org,2002:timestamp"


class _PlainLoader(yaml.SafeLoader):
    """The safe loader without aliases, without a key twice, and without dates, which stay texts."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _DATE]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it uses an alias, *name, which is not read here")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        names = [key.value for key, _ in node.value if isinstance(key.value, str)]
        if twice := [name for name in names if names.count(name) > 1]:
            raise yaml.YAMLError(f"it sets '{twice[0]}' twice")
        return dict(super().construct_mapping(node, deep))


def read_settings(path: Path) -> dict[str, Any]:
    """Read a file of settings, nested, as plain values.

    Raises
    ------
    OSError, ValueError, RecursionError, YAMLError
        `UNREADABLE`: it cannot be read, is no YAML, or holds no settings; `common.files.why` has the reason.
    """
    found = yaml.load(files.read_text(path), _PlainLoader)
    if not isinstance(found, dict):
        raise ValueError("there are no settings in it")
    if wrong := [name for name in found if not isinstance(name, str)]:
        raise ValueError(f"{wrong[0]!r} is no setting's name")
    return found


def literal(values: Any) -> Any:
    """Return nested values in which OmegaConf takes every ``${`` for the text that it is."""
    if isinstance(values, dict):
        return {name: literal(value) for name, value in values.items()}
    if isinstance(values, list):
        return [literal(value) for value in values]
    return re.sub(r"(\\*)\$\{", lambda run: rf"{run[1] * 2}\${{", values) if isinstance(values, str) else values
