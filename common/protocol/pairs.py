"""How two models do on the same cases, as a message carries it; all of it from a stranger."""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct

from common.labels import NUM_CLASSES
from common.metrics.confusion import Confusion
from common.metrics.paired.counts import PairedCounts, Tables
from common.protocol.answers import Count, Number, typed
from common.protocol.postprocess import UnusableAnswer

_SQUARE = (NUM_CLASSES, NUM_CLASSES)
_TABLES = NUM_CLASSES * 4
_Tables = Annotated[list[Count], Meta(min_length=_TABLES, max_length=_TABLES)]


class PairNumbers(Struct, frozen=True, rename="kebab"):
    """The record, with its bounds."""

    slices: _Tables
    patients: _Tables
    effect: Number
    reference_confusion: Annotated[list[Count], Meta(min_length=_SQUARE[0] ** 2, max_length=_SQUARE[0] ** 2)]


def pairs_record(counts: PairedCounts) -> Mapping[str, Any]:
    """Write the counts."""
    return {
        "slices": counts.slices.ravel().tolist(),
        "patients": counts.patients.ravel().tolist(),
        "effect": counts.effect,
        "reference-confusion": counts.reference_confusion.ravel().tolist(),
    }


def read_pairs(record: Any, confusion: Confusion, patient_confusion: Confusion) -> PairedCounts:
    """Read the counts of a test with these confusion matrices, of slices and of patients.

    Raises
    ------
    UnusableAnswer
        If a number is missing, or they do not fit each other or the matrices.
    """
    found = typed(PairNumbers, record, "its comparison of two models cannot be read")
    slices, patients = (
        np.asarray(part, dtype=np.int64).reshape(NUM_CLASSES, 2, 2) for part in (found.slices, found.patients)
    )
    reference = np.asarray(found.reference_confusion, dtype=np.int64).reshape(_SQUARE)
    if not (_fit(slices, confusion) and _fit(patients, patient_confusion)):
        raise UnusableAnswer("its comparison of two models does not fit its counts by class")
    if not _fit(slices.transpose(0, 2, 1), reference):
        raise UnusableAnswer("its comparison of two models does not fit the other model's counts by class")
    if not 1 <= found.effect <= max(int(confusion.sum()), 1):
        raise UnusableAnswer("the design effect of its comparison cannot be")
    return PairedCounts(slices, patients, found.effect, reference)


def _fit(tables: Tables, confusion: Confusion) -> bool:
    """Tell whether the first model was right as often as its confusion matrix says, in each class."""
    right, wrong = tables.sum(axis=2).T
    support, hits = confusion.sum(axis=1), np.diagonal(confusion)
    return bool((right == hits).all() and (right + wrong == support).all())
