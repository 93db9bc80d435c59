"""Descriptions as hospitals would send them, made up."""

from typing import Any

from common.labels import CLASSES
from common.protocol.description import Description


def _dealt(slices: int) -> dict[str, int]:
    """Deal slices to the classes in turn."""
    return {name: slices // len(CLASSES) + (i < slices % len(CLASSES)) for i, name in enumerate(CLASSES)}


def description(key: str = "a", train: int = 6, val: int = 2, test: int = 2, **changes: Any) -> Description:
    """Return what a hospital of ``train + val + test`` slices might say of itself."""
    total = train + val + test
    parts = {"train": _dealt(train), "val": _dealt(val), "test": _dealt(test)}
    counts = {name: sum(part[name] for part in parts.values()) for name in CLASSES}
    numbers = {
        "total_samples": total,
        "files_found": total + 1,
        "unusable_files": 1,
        "class_distribution": counts,
        "unmatched_folders": [],
        "missing_classes": [],
        "synthetic": False,
        "group_count": total,
        "audit": [
            {"code": "DATA004", "severity": "warning", "title": "Look-alikes", "sentence": "Look again.", "count": 3}
        ],
    }
    values: dict[str, Any] = {
        "key": key,
        "name": f"Hospital {key.upper()}",
        "dataset_id": f"dataset-{key}",
        "specialty": "Neurology",
        "location": [12.5, 77.25],
        "numbers": numbers,
        "split_counts": parts,
        "groups_across_splits": 0,
        "files_sha256": f"hash of {key}",
        "file_count": total + 1,
        "train_idx": list(range(train)),
        "val_idx": list(range(train, train + val)),
        "test_idx": list(range(train + val, total)),
        "patient_counts": {"train": train, "val": val, "test": test},
    }
    return Description(**{**values, **changes})
