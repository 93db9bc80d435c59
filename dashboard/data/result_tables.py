"""Test figures as tables of texts: per class, per hospital."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from common.labels import CLASSES
from dashboard.charts import formats
from dashboard.charts.theme import class_title
from dashboard.data.results import Result
from dashboard.data.shares import FEW_CASES, written, written_of

FEW = f"fewer than {FEW_CASES}"


def class_table(result: Result) -> pd.DataFrame:
    """Return one row a class: support, recall, precision and F1 with 95 % intervals, and a mark for few cases."""
    return pd.DataFrame(
        [
            {
                "Class": class_title(row.name),
                "Test slices": formats.whole(row.support),
                "Recall": written(row.recall),
                "Precision": written(row.precision),
                "F1": written(row.f1),
                "Note": "none here" if row.support == 0 else FEW if row.few else "",
            }
            for row in result.classes
        ]
    )


def hospital_table(hospitals: Mapping[str, Result], overall: Result) -> pd.DataFrame:
    """Return one row a hospital: accuracy with its interval, difference to all, macro F1, recall of each class."""
    rows = []
    for name, result in hospitals.items():
        accuracy, base = result.accuracy.value, overall.accuracy.value
        gap = None if accuracy is None or base is None else accuracy - base
        recalls = {
            class_title(label): written_of(row.recall, row.support)
            for label, row in zip(CLASSES, result.classes, strict=True)
        }
        rows.append(
            {
                "Hospital": name,
                "Test slices": formats.whole(result.n_test),
                "Accuracy": written(result.accuracy),
                "To all": formats.points(gap),
                "Macro F1": written(result.macro_f1),
                **recalls,
            }
        )
    return pd.DataFrame(rows)
