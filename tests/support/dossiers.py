"""Figures as the part of them that comes with score sums writes them, and hashes brought up to date by a forger."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.dossier.build import SUMS, sums_file
from common.labels import CLASSES

FIGURES: dict[str, Any] = {
    "bins": 64,
    "per_class": {
        label: {
            "positives": 20,
            "negatives": 60,
            "auroc": 0.9,
            "auroc_interval": [0.8, 0.95],
            "average_precision": 0.8,
            "average_precision_interval": None,
            "threshold": 0.5,
            "sensitivity": 0.7,
            "sensitivity_interval": [0.5, 0.8],
            "specificity": 0.9,
            "specificity_interval": [0.8, 0.95],
        }
        for label in CLASSES
    },
    "macro_auroc": 0.9,
    "macro_auroc_interval": [0.85, 0.94],
    "brier": 0.2,
    "net_benefit": {
        label: [{"threshold": t / 10, "model": 0.2 - t / 40, "all": 0.25 - t / 9} for t in range(1, 9)]
        for label in CLASSES
    },
    "per_patient": {"patients": 12, "source": "manifest", "test_accuracy": 0.75, "interval": [0.47, 0.91]},
    "subgroups": [
        {"by": "sex", "cell": "F", "slices": 40, "patients": 11, "test_accuracy": 0.8, "interval": [0.6, 0.9]}
    ],
    "subgroups_withheld": 2,
}


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Change a JSON file."""
    body = json.loads(path.read_text())
    change(body)
    path.write_text(json.dumps(body, indent=2))


def forge(dossier: Path) -> None:
    """Bring the hashes up to date, as whoever changes a file would."""
    (dossier / SUMS).write_bytes(sums_file(dossier))
