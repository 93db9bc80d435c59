"""Subgroups for a run of phantoms, and hashes brought up to date by a forger."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.dossier.build import SUMS, sums_file

SUBGROUPS = {
    "subgroups": [
        {"by": "sex", "cell": "F", "slices": 40, "patients": 11, "test_accuracy": 0.8, "interval": [0.6, 0.9]}
    ],
    "subgroups_withheld": 2,
}
"""What phantoms, who have no sex, do not give."""


def with_subgroups(meta: dict[str, Any]) -> None:
    meta["metrics"]["figures"].update(SUBGROUPS)


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Change a JSON file."""
    body = json.loads(path.read_text())
    change(body)
    path.write_text(json.dumps(body, indent=2))


def forge(dossier: Path) -> None:
    """Bring the hashes up to date, as whoever changes a file would."""
    (dossier / SUMS).write_bytes(sums_file(dossier))
