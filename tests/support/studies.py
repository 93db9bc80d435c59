"""Studies in memory: accuracies by strategy and seed become confusion matrices of a hundred slices a hospital."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from common.metrics.confusion import Confusion
from common.study.records import COMPLETED, Cell, CellResult, Study

A, B, C = "Phantom Jaipur", "Phantom Hyderabad", "Phantom Kolkata"
HOSPITALS = (A, B, C)
COUNTS = {
    A: {"glioma": 100, "meningioma": 100, "pituitary": 100, "notumor": 100},
    B: {"glioma": 100, "meningioma": 100, "pituitary": 100},
    C: {"glioma": 100, "meningioma": 100, "pituitary": 100},
}


def matrix(right: int, total: int = 100) -> Confusion:
    """`right` of `total` gliomas, the others called meningioma."""
    found = np.zeros((4, 4), dtype=np.int64)
    found[0, 0], found[0, 1] = right, total - right
    return found


def done(
    strategy: str,
    seed: int,
    right: int | Sequence[int],
    without: str | None = None,
    hospitals: Sequence[str] = HOSPITALS,
    steps: int = 60,
) -> CellResult:
    """A completed cell; `right` of a hundred at every hospital, or one number each."""
    places = [name for name in hospitals if name != without]
    each = [right] * len(places) if isinstance(right, int) else right
    tests = {name: matrix(n) for name, n in zip(places, each, strict=True)}
    return CellResult(Cell(strategy, seed, without), COMPLETED, "run-001", None, 30.0, steps, (), tests)


def lost(strategy: str, seed: int, state: str = "missing", reason: str | None = None) -> CellResult:
    """A cell without figures."""
    return CellResult(Cell(strategy, seed), state, reason=reason)


def study(cells: Sequence[CellResult], hospitals: Sequence[str] = HOSPITALS, **fields: object) -> Study:
    """A study of these cells, whose strategies and seeds are theirs in order of appearance."""
    values: Mapping[str, object] = {
        "study_id": "study-001",
        "name": "a test",
        "state": COMPLETED,
        "strategies": tuple(dict.fromkeys(each.cell.strategy for each in cells)),
        "seeds": tuple(dict.fromkeys(each.cell.seed for each in cells)),
        "leave_one_out": any(each.cell.without for each in cells),
        "hospitals": tuple(hospitals),
        "cells": tuple(cells),
        "class_counts": {name: COUNTS[known] for name, known in zip(hospitals, HOSPITALS, strict=False)},
        "synthetic": True,
        "command": "python -m server.study experiment=worth_it",
    } | fields
    return Study(**values)  # type: ignore[arg-type]


def worth_it(hospitals: Sequence[str] = HOSPITALS) -> Study:
    """Three seeds of everything: federated 90, 91, 92; local 80, 82, 81; pooled 91, 91, 92; without one 85."""
    cells = [
        *(done("local", seed, n, hospitals=hospitals) for seed, n in ((42, 80), (43, 82), (44, 81))),
        *(done("fedavg", seed, n, hospitals=hospitals) for seed, n in ((42, 90), (43, 91), (44, 92))),
        *(done("pooled", seed, n, hospitals=hospitals) for seed, n in ((42, 91), (43, 91), (44, 92))),
        *(done("fedavg", seed, 85, name, hospitals) for name in hospitals for seed in (42, 43, 44)),
    ]
    return study(cells, hospitals)
