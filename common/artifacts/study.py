"""``study.json``: a study's cells with their confusion matrices, and what they say together.

The reader takes the cells and works everything else out again, so that no figure can disagree with what it rests on;
the written results are for readers that are not this project.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from common.artifacts.atomic import write_json
from common.artifacts.read_values import Notes, count, counts, mapping, matrix, number, read_json, sequence, text, texts
from common.artifacts.status import now
from common.artifacts.study_folder import StudyFolder
from common.artifacts.study_results import results_json
from common.labels import CLASSES, NUM_CLASSES
from common.study.records import CELL_STATES, INCOMPLETE, STUDY_STATES, Cell, CellResult, Study

FILE = "study.json"
SCHEMA = 1
_MOST_SLICES = 10**9  # a damaged file may claim more than adds up in 64 bits


def write_study(folder: StudyFolder, study: Study, settings: dict[str, Any]) -> None:
    """Write a study whole.

    Parameters
    ----------
    folder : StudyFolder
    study : Study
    settings : dict
        What all cells have in common, resolved.
    """
    write_json(folder.results, study_json(study, settings))


def study_json(study: Study, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the content of ``study.json``; fractions stay fractions."""
    return {
        "schema": SCHEMA,
        "study_id": study.study_id,
        "name": study.name,
        "state": study.state,
        "started_at": study.started_at,
        "updated_at": now(),
        "synthetic": study.synthetic,
        "command": study.command,
        "plan_sha256": study.plan_sha256,
        "strategies": list(study.strategies),
        "federated": study.federated,
        "seeds": list(study.seeds),
        "leave_one_out": study.leave_one_out,
        "hospitals": list(study.hospitals),
        "classes": list(CLASSES),
        "class_counts": {name: dict(held) for name, held in study.class_counts.items()},
        "settings": settings,
        "cells": [_cell_json(result) for result in study.cells],
        "results": results_json(study),
    }


def _cell_json(result: CellResult) -> dict[str, Any]:
    return {
        **asdict(result.cell),
        "state": result.state,
        "run_id": result.run_id,
        "reason": result.reason,
        "seconds": result.seconds,
        "gradient_steps": result.steps,
        "missed": list(result.missed),
        "test_confusion_matrices": {name: confusion.tolist() for name, confusion in result.tests.items()},
    }


def load_study(folder: Path) -> Study:
    """Read one study, whatever state its file is in.

    Parameters
    ----------
    folder : Path
        ``<output_dir>/artifacts/study-###``.

    Returns
    -------
    Study
        With a `Problem` for each thing that is missing, damaged or does not fit.
    """
    notes = Notes(f"{folder.name}/{FILE}")
    raw = read_json(folder / FILE, notes, missing=f"{folder.name}/{FILE} is not there, so the study cannot be shown.")
    body = mapping(raw)
    if raw is not None and not body:
        notes.add(f"{notes.file} does not hold a study; its content was left out.")
    state = text(body.get("state"))
    if body and state not in STUDY_STATES:
        notes.add(f"{notes.file} names no known state, so whether the study still goes on is not known.")
    cells = [_cell(mapping(item), notes, place) for place, item in enumerate(sequence(body.get("cells")), start=1)]
    return Study(
        study_id=folder.name,
        name=text(body.get("name")) or "",
        state=state if state in STUDY_STATES else INCOMPLETE,
        strategies=texts(body.get("strategies")),
        seeds=tuple(seed for item in sequence(body.get("seeds")) if (seed := count(item)) is not None),
        leave_one_out=body.get("leave_one_out") is True,
        hospitals=texts(body.get("hospitals")),
        cells=tuple(cell for cell in cells if cell is not None),
        class_counts={str(name): counts(held) for name, held in mapping(body.get("class_counts")).items()},
        synthetic=body.get("synthetic") is True,
        command=text(body.get("command")),
        plan_sha256=text(body.get("plan_sha256")),
        started_at=text(body.get("started_at")),
        updated_at=text(body.get("updated_at")),
        problems=tuple(notes.problems),
    )


def _cell(body: Any, notes: Notes, place: int) -> CellResult | None:
    strategy, seed, state = text(body.get("strategy")), count(body.get("seed")), text(body.get("state"))
    if strategy is None or seed is None or state not in CELL_STATES:
        notes.add(f"{notes.file}: cell {place} names no strategy, seed or state and was left out.")
        return None
    tests = {}
    for name, raw in mapping(body.get("test_confusion_matrices")).items():
        rows = matrix(raw, NUM_CLASSES)
        if rows is None or max(map(max, rows)) > _MOST_SLICES:
            notes.add(f"{notes.file}: cell {place} has no usable confusion matrix of one hospital.")
        else:
            tests[str(name)] = np.asarray(rows, dtype=np.int64)
    return CellResult(
        cell=Cell(strategy, seed, text(body.get("without"))),
        state=state,
        run_id=text(body.get("run_id")),
        reason=text(body.get("reason")),
        seconds=number(body.get("seconds")),
        steps=count(body.get("gradient_steps")),
        missed=texts(body.get("missed")),
        tests=tests,
    )
