"""The tables of a model card in Markdown, in which a hospital's name is never markup; their rows serve others too.

A row holds texts from ``model_meta.json``, each share with its cases and its interval.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from common.artifacts.tested.patients import patient_cells
from common.artifacts.words import NOTHING, marked, patients_text, recorded_interval, recorded_patients, share_text
from common.labels import CLASSES
from common.text import printable

# signs that mean something within a line; an underscore, an ampersand and a colon do so in some places only
_SIGNS = re.compile(r"([\\`*\[\]<>|$~]|(?<!\w)_|_(?!\w)|&(?=[#\w])|:(?=//))")
Row = list[str]
PATIENTS = "Patients (training / validation / test)"
_PARTS = ("train", "val", "test")


def cell(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line, in a table's cell as elsewhere."""
    return _SIGNS.sub(r"\\\1", printable(" ".join(text.split())))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the first column is text, the others are figures and stand to the right.

    Raises
    ------
    ValueError
        A row has more or fewer texts than there are headings.
    """
    lines = [headings, [":--", *["--:"] * (len(headings) - 1)]]
    for row in rows:
        if len(row) != len(headings):
            raise ValueError(f"a row of {len(row)} cells under {len(headings)} headings")
        lines.append([cell(text) for text in row])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def holding_rows(datasets: Mapping[str, Any]) -> list[Row]:
    """Return slices held, by class; slices used, by part of the split; groups and patients of each hospital."""
    return [
        [
            name,
            f"{body['total_samples']:,}",
            *(f"{body['class_distribution'].get(label, 0):,}" for label in CLASSES),
            f"{sum(sum(body['split_counts'][part].values()) for part in _PARTS):,}",
            *(f"{sum(body['split_counts'][part].values()):,}" for part in _PARTS),
            f"{body['group_count']:,}",
            patients_text(recorded_patients(body.get("patients"))),
        ]
        for name, body in datasets.items()
    ]


def hospital_rows(metrics: Mapping[str, Any]) -> list[Row]:
    """Return test slices, accuracy and macro F1 at each hospital, and over all in the last row."""
    hospitals = metrics["per_hospital"]
    rows = [[name, *_accuracy(own["n_test"], own, own["macro_f1"])] for name, own in hospitals.items()]
    samples = sum(own["n_test"] for own in hospitals.values())
    return [*rows, ["all hospitals", *_accuracy(samples, metrics, metrics["avg_f1"])]]


def judged_rows(metrics: Mapping[str, Any]) -> list[Row]:
    """Return `hospital_rows`, each with patients and accuracy by patient."""
    bodies = [*metrics["per_hospital"].values(), metrics]
    return [[*row, *patient_cells(body)] for row, body in zip(hospital_rows(metrics), bodies, strict=True)]


def class_rows(metrics: Mapping[str, Any]) -> list[Row]:
    """Return each class over all hospitals: test slices, recall, slices that were named so, precision, F1."""
    rows = []
    for label in CLASSES:
        own = metrics["per_class"][label]
        recall, precision, f1 = (_share(metrics, own, key, label) for key in ("recall", "precision", "f1"))
        cases = marked(own["support"], own["few_cases"])
        rows.append([label, cases, recall, f"{own['predicted']:,}", precision, f1])
    return rows


def recall_rows(hospitals: Mapping[str, Any]) -> list[Row]:
    """Return each class's recall at each hospital, with the slices it rests on."""
    return [[name, *(_recall(own, label) for label in CLASSES)] for name, own in hospitals.items()]


def _share(figures: Mapping[str, Any], own: Mapping[str, Any], key: str, label: str) -> str:
    """Write one figure of a class; a dash without a case of it, and for a precision without a slice named so."""
    if not own["support"] or (key == "precision" and not own["predicted"]):
        return NOTHING
    return share_text(own[key], recorded_interval(figures["intervals"], f"per_class_{key}", label))


def _recall(figures: Mapping[str, Any], label: str) -> str:
    own = figures["per_class"][label]
    if not own["support"]:
        return NOTHING
    recall = share_text(own["recall"], recorded_interval(figures["intervals"], "per_class_recall", label), digits=0)
    return f"{recall} of {marked(own['support'], own['few_cases'])}"


def _accuracy(samples: int, figures: Mapping[str, Any], macro_f1: float) -> list[str]:
    """Write slices, accuracy and macro F1 of one hospital or of all; dashes where no slice was tested."""
    if not samples:
        return ["0", NOTHING, NOTHING]
    accuracy = share_text(figures["test_accuracy"], recorded_interval(figures["intervals"], "test_accuracy"))
    return [f"{samples:,}", accuracy, share_text(macro_f1, recorded_interval(figures["intervals"], "macro_f1"))]
