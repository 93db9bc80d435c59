"""The tables of a model card: rows of texts from ``model_meta.json``, each share with its cases and its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.artifacts.figure_text import NOTHING, accuracy_texts, ends_of, marked, share_text
from common.labels import CLASSES

Row = list[str]
_PARTS = ("train", "val", "test")


def holding_rows(datasets: Mapping[str, Any]) -> list[Row]:
    """Return what each hospital holds: slices, those of each class and of each part of the split, groups.

    Parameters
    ----------
    datasets : mapping
        The content of ``dataset_stats.json``.
    """
    return [
        [
            name,
            f"{body['total_samples']:,}",
            *(f"{body['class_distribution'].get(label, 0):,}" for label in CLASSES),
            *(f"{sum(body['split_counts'][part].values()):,}" for part in _PARTS),
            f"{body['group_count']:,}",
        ]
        for name, body in datasets.items()
    ]


def hospital_rows(metrics: Mapping[str, Any]) -> list[Row]:
    """Return test slices, accuracy and macro F1 at each hospital, and over all in the last row.

    Parameters
    ----------
    metrics : mapping
        ``metrics`` of ``model_meta.json``.
    """
    hospitals = metrics["per_hospital"]
    rows = [[name, *accuracy_texts(own["n_test"], own, own["macro_f1"])] for name, own in hospitals.items()]
    samples = sum(own["n_test"] for own in hospitals.values())
    return [*rows, ["all hospitals", *accuracy_texts(samples, metrics, metrics["avg_f1"])]]


def class_rows(metrics: Mapping[str, Any]) -> list[Row]:
    """Return each class over all hospitals: test slices, recall, slices that were named so, precision, F1.

    Parameters
    ----------
    metrics : mapping
        ``metrics`` of ``model_meta.json``.
    """
    rows = []
    for label in CLASSES:
        own = metrics["per_class"][label]
        recall, precision, f1 = (_share(metrics, own, key, label) for key in ("recall", "precision", "f1"))
        cases = marked(own["support"], own["few_cases"])
        rows.append([label, cases, recall, f"{own['predicted']:,}", precision, f1])
    return rows


def recall_rows(hospitals: Mapping[str, Any]) -> list[Row]:
    """Return each class's recall at each hospital, with the slices it rests on.

    Parameters
    ----------
    hospitals : mapping
        ``metrics.per_hospital`` of ``model_meta.json``.
    """
    return [[name, *(_recall(own, label) for label in CLASSES)] for name, own in hospitals.items()]


def _share(figures: Mapping[str, Any], own: Mapping[str, Any], key: str, label: str) -> str:
    """Write one figure of a class; a dash without a case of it, and for a precision without a slice named so."""
    if not own["support"] or (key == "precision" and not own["predicted"]):
        return NOTHING
    return share_text(own[key], ends_of(figures, f"per_class_{key}", label))


def _recall(figures: Mapping[str, Any], label: str) -> str:
    own = figures["per_class"][label]
    if not own["support"]:
        return NOTHING
    recall = share_text(own["recall"], ends_of(figures, "per_class_recall", label), digits=0)
    return f"{recall} of {marked(own['support'], own['few_cases'])}"
