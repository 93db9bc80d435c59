"""A run's settings at a glance: what lists of thousands of runs need, without reading each run in full.

A completed run keeps its settings as JSON too, which is read a hundred times faster than ``config.yaml``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from common.artifacts.layout import META
from common.artifacts.load import load_settings
from common.files import JSON_BYTES, read_bytes


class _Settings(msgspec.Struct):
    settings: dict[str, Any] = {}


def quick_settings(folder: Path) -> Mapping[str, Any]:
    """Return the nested settings of a run's folder; ``{}`` where none were recorded or they cannot be read."""
    try:
        found = msgspec.json.decode(read_bytes(folder / META, JSON_BYTES), type=_Settings).settings
    except (OSError, ValueError, RecursionError):
        found = {}
    return found or load_settings(folder)[0]
