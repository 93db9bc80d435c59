"""Two models on the same cases of one hospital or of several, as ``evaluation_meta.json`` keeps it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from common.labels import CLASSES
from common.metrics.case_sums import SOURCES, CaseSums
from common.metrics.confusion import add_confusions, figures
from common.metrics.paired.counts import Tables
from common.metrics.paired.difference import Table, mcnemar, paired_difference, paired_interval

Json = dict[str, Any]


def paired_figures(sums: Sequence[CaseSums]) -> Json | None:
    """Return the figures over all the hospitals that compared the two and had a case; None if there is none."""
    known = [(each, each.paired) for each in sums if each.paired is not None and each.patients]
    if not known:
        return None
    slices, patients = (np.sum([getattr(each, part) for _, each in known], axis=0) for part in ("slices", "patients"))
    effect = float(np.average([each.effect for _, each in known], weights=[each.slices.sum() for _, each in known]))
    confusion = add_confusions(each.reference_confusion for _, each in known)
    return {
        "slices": {**_part(slices, effect), "design_effect": effect},
        "patients": {
            **_part(patients),
            "source": min((each.patient_source for each, _ in known), key=SOURCES.index),
        },
        "reference_confusion_matrix": confusion.tolist(),
        "reference_macro_f1": figures(confusion).macro_f1,
    }


def _part(tables: Tables, effect: float = 1.0) -> Json:
    """Return the figures over all and of each class; a class's cases count for as many as they do over all."""
    classes = zip(CLASSES, tables, strict=True)
    return {**_table(tables.sum(axis=0), effect), "per_class": {name: _table(own, effect) for name, own in classes}}


def _table(table: Table, effect: float) -> Json:
    return {
        **counted(table),
        "interval": paired_interval(table, effect),
        "mcnemar_p": mcnemar(table) if table.sum() else None,
    }


def counted(table: Table) -> Json:
    """Return who was right alone, both accuracies, and their difference."""
    (both, this), (reference, neither) = table.tolist()
    cases = both + this + reference + neither
    return {
        "cases": cases,
        "both_right": both,
        "only_this": this,
        "only_reference": reference,
        "both_wrong": neither,
        "accuracy": (both + this) / cases if cases else None,
        "reference_accuracy": (both + reference) / cases if cases else None,
        "difference": paired_difference(table),
    }
