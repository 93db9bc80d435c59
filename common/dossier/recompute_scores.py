"""Figures of scores and of patients, computed anew: from the cases by score, and from the patients' counts."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from common.artifacts.values import count, mapping, number, sequence
from common.dossier.figures.drawn import confusion_of
from common.labels import CLASSES
from common.metrics import score_bins
from common.metrics.intervals import accuracy_interval, wilson
from common.metrics.net_benefit import decision_curve
from common.metrics.ranking import Counts, auroc, average_precision
from common.metrics.thresholds import at_threshold

Found = tuple[str, Any, Any]
"""A figure's name, what is recorded of it, and what the counts give."""


def score_figures(metrics: Mapping[str, Any]) -> Iterator[Found]:
    """Compare ``metrics.figures`` with the cases by score and with the confusion matrix."""
    figures, scores = mapping(metrics.get("figures")), score_bins.from_json(metrics.get("score_counts"))
    per_class = {label: mapping(mapping(figures.get("per_class")).get(label)) for label in CLASSES}
    counts = confusion_of(metrics)
    for index, label in enumerate(CLASSES):
        own = per_class[label]
        if counts is not None:
            positives = int(counts[index].sum())
            yield f"figures.{label}.positives", own.get("positives"), positives
            yield f"figures.{label}.negatives", own.get("negatives"), int(counts.sum()) - positives
        if scores is not None:
            curve = sequence(mapping(figures.get("net_benefit")).get(label))
            yield from _of_class(f"figures.{label}.", own, curve, scores[index, 0], scores[index, 1])
    areas = [value for own in per_class.values() if (value := number(own.get("auroc"))) is not None]
    yield "figures.macro_auroc", figures.get("macro_auroc"), float(np.mean(areas)) if areas else None
    squares = [number(own.get("brier")) for own in per_class.values()]
    if None not in squares:
        yield "figures.brier", figures.get("brier"), sum(square or 0.0 for square in squares)


def patient_figures(body: Mapping[str, Any]) -> Iterator[Found]:
    """Compare the figures of whole patients with their confusion matrix, and each subgroup's share with its slices."""
    figures = mapping(body.get("figures"))
    patients = mapping(figures.get("per_patient"))
    counts = confusion_of(patients)
    if counts is not None and counts.any():
        yield "figures.per_patient.patients", patients.get("patients"), int(counts.sum())
        yield "figures.per_patient.test_accuracy", patients.get("test_accuracy"), float(np.trace(counts) / counts.sum())
        yield "figures.per_patient.interval", patients.get("interval"), accuracy_interval(counts)
        for index, label in enumerate(CLASSES):
            hits, cases = int(counts[index, index]), int(counts[index].sum())
            recall, ends = mapping(patients.get("per_class_recall")), mapping(patients.get("per_class_recall_interval"))
            name = f"figures.per_patient.per_class_recall.{label}"
            yield name, recall.get(label), hits / cases if cases else None
            yield f"{name}, interval", ends.get(label), wilson(hits, cases)
    for cell in map(mapping, sequence(figures.get("subgroups"))):
        share, slices = number(cell.get("test_accuracy")), count(cell.get("slices"))
        if share is not None and slices:
            yield f"figures.subgroups.{cell.get('by')}.{cell.get('cell')}", share, round(share * slices) / slices


def _of_class(where: str, own: Mapping[str, Any], curve: Any, positive: Counts, negative: Counts) -> Iterator[Found]:
    found = at_threshold(positive, negative)
    computed = {
        "positives": int(positive.sum()),
        "negatives": int(negative.sum()),
        "auroc": auroc(positive, negative),
        "average_precision": average_precision(positive, negative),
        "sensitivity": found.sensitivity,
        "specificity": found.specificity,
    }
    for key, value in computed.items():
        yield f"{where}{key}", own.get(key), value
    for recorded, point in zip(map(mapping, curve), decision_curve(positive, negative), strict=False):
        for key in ("threshold", "model", "all"):
            yield f"{where}net_benefit at {point['threshold']:g}, {key}", recorded.get(key), point[key]
