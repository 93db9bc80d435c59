"""``dataset_stats.json`` and ``dataset_splits.json``: what the hospitals said of themselves, in version 1's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.artifacts.status import now
from common.overlap.matches import CrossDuplicates
from common.protocol.description import Description
from common.protocol.plan import Plan

_SPLITS = ("train_idx", "val_idx", "test_idx")


def stats_json(
    descriptions: Sequence[Description], plan: Plan, duplicates: CrossDuplicates | None = None
) -> dict[str, Any]:
    """Return ``dataset_stats.json``: one object a hospital, by name.

    Parameters
    ----------
    descriptions : sequence of Description
        In configured order.
    plan : Plan
        Says whether the split was grouped.
    duplicates : CrossDuplicates, optional
        What the hospitals hold of each other's slices; without it nothing is said of that.
    """
    return {
        d.name: {
            "total_samples": d.numbers["total_samples"],
            "dataset_id": d.dataset_id,
            "location": d.location,
            "specialty": d.specialty,
            "class_distribution": d.numbers["class_distribution"],
            "unmatched_folders": d.numbers["unmatched_folders"],
            **{key: value for key, value in d.numbers.items() if key not in _OWN_ORDER},
            "key": d.key,
            "split_counts": d.split_counts,
            "grouped_split": plan.data.group_split,
            "groups_across_splits": d.groups_across_splits,
            **({"cross_hospital_duplicates": duplicates.to_json(d.name)} if duplicates else {}),
        }
        for d in descriptions
    }


_OWN_ORDER = ("total_samples", "class_distribution", "unmatched_folders")


def splits_json(descriptions: Sequence[Description], plan: Plan) -> dict[str, Any]:
    """Return ``dataset_splits.json``: indices that count through the hospitals in order, and each hospital's own."""
    content: dict[str, Any] = {name: [] for name in _SPLITS}
    hospitals: dict[str, Any] = {}
    offset = 0
    for d in descriptions:
        for name in _SPLITS:
            content[name] += [offset + index for index in getattr(d, name)]
        hospitals[d.name] = {
            "offset": offset,
            "file_count": d.file_count,
            "files_sha256": d.files_sha256,
            **{name: getattr(d, name) for name in _SPLITS},
        }
        offset += d.file_count
    return content | {
        "split_date": now(),
        "seed": plan.seed,
        "val_fraction": plan.data.val_fraction,
        "test_fraction": plan.data.test_fraction,
        "grouped": plan.data.group_split,
        "hospitals": hospitals,
    }
