"""The reader of ``study.json``; its writer, `common.artifacts.study_writer`, brings torch, which a page does without.

It takes the cells alone; everything else is worked out again, so that no figure can disagree with what it rests on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from common.artifacts.read_values import Notes, count, counts, mapping, matrix, number, read_json, sequence, text, texts
from common.labels import NUM_CLASSES
from common.study.records import CELL_STATES, INCOMPLETE, STUDY_STATES, Cell, CellResult, Study

FILE = "study.json"
_MOST_SLICES = 10**9  # a damaged file may claim more than adds up in 64 bits


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
        unlike=texts(body.get("unlike")),
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
