"""From ``comparison`` of an ``evaluation_meta.json`` back to tables that add up, hospital by hospital."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from common.artifacts.values import count, mapping, number
from common.labels import CLASSES
from common.metrics.paired.counts import Tables
from common.metrics.paired.seeds import PairedTables

_CELLS = ("both_right", "only_this", "only_reference", "both_wrong")


def tables_of(meta: Mapping[str, Any], classes: Collection[str] = CLASSES) -> dict[str, PairedTables]:
    """Return the tables of each hospital that compared the two models, of these classes alone."""
    found = mapping(mapping(meta.get("comparison")).get("per_hospital"))
    return {name: _paired(mapping(body), classes) for name, body in found.items()}


def _paired(body: Mapping[str, Any], classes: Collection[str]) -> PairedTables:
    slices, patients = (mapping(body.get(part)) for part in ("slices", "patients"))
    effect = number(slices.get("design_effect")) or 1.0
    return PairedTables(_tables(slices, classes), _tables(patients, classes), max(effect, 1.0))


def _tables(part: Mapping[str, Any], classes: Collection[str]) -> Tables:
    rows = mapping(part.get("per_class"))
    cells = [
        [(count(mapping(rows.get(name)).get(cell)) or 0) * (name in classes) for cell in _CELLS] for name in CLASSES
    ]
    return np.asarray(cells, dtype=np.int64).reshape(len(CLASSES), 2, 2)
