"""``study.json``: a study's cells with their confusion matrices, and what they say together.

The results in it are for readers that are not this project. `load_study` takes the cells alone and works everything
else out again, so that no figure can disagree with what it rests on.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, to_builtins

from common.artifacts.layout import STUDY, StudyFolder
from common.artifacts.load import read_record
from common.artifacts.run_files import now
from common.artifacts.schema import Count, Matrix, Number, Text
from common.artifacts.studies.results import results_json
from common.artifacts.values import Notes, mapping, read_json
from common.files import write_json
from common.labels import CLASSES
from common.study.records import CELL_STATES, INCOMPLETE, STUDY_STATES, Cell, CellResult, External, Study
from common.study.views import countable

SCHEMA = 1
_MOST_FOLDS = 1000
_MOST_SLICES = 10**9  # a damaged file may claim more than adds up in 64 bits


class CellRecord(Struct):
    """One cell of ``study.json``; see `common.study.records.CellResult`."""

    strategy: Text | None = None
    seed: Count | None = None
    without: Text | None = None
    state: Text | None = None
    run_id: Text | None = None
    reason: Text | None = None
    seconds: Number | None = None
    gradient_steps: Count | None = None
    missed: tuple[str, ...] = ()
    test_confusion_matrices: dict[str, Matrix] = {}
    fold: Count | None = None
    design_effects: dict[str, Number] = {}
    external: dict[str, Any] | None = None  # an `ExternalRecord`


class ExternalRecord(Struct):
    """The test at the hospital that was left out; see `common.study.records.External`."""

    evaluation_id: Text | None = None
    confusion_matrix: Matrix | None = None
    left_out_slices: Count | None = None  # of classes that no training hospital holds: in the matrix, not in figures
    design_effect: Number | None = None


class StudyRecord(Struct):
    """``study.json``; see `common.study.records.Study`. Fractions stay fractions."""

    schema: Count | None = None
    study_id: Text | None = None
    name: str = ""
    state: Text | None = None
    started_at: Text | None = None
    updated_at: Text | None = None
    synthetic: bool = False
    command: Text | None = None
    plan_sha256: Text | None = None
    unlike: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    federated: Text | None = None
    seeds: tuple[Count, ...] = ()
    leave_one_out: bool = False
    external: bool = False
    folds: Count = 0
    hospitals: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    class_counts: dict[str, dict[str, Count]] = {}
    settings: dict[str, Any] = {}  # what all cells have in common, resolved
    cells: tuple[dict[str, Any], ...] = ()  # a `CellRecord` each
    results: dict[str, Any] = {}


def write_study(folder: StudyFolder, study: Study, settings: dict[str, Any]) -> None:
    """Write a study whole.

    Parameters
    ----------
    settings : dict
        What all cells have in common, resolved.
    """
    write_json(folder.results, study_json(study, settings))


def study_json(study: Study, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the content of ``study.json``."""
    content: dict[str, Any] = to_builtins(
        StudyRecord(
            schema=SCHEMA,
            study_id=study.study_id,
            name=study.name,
            state=study.state,
            started_at=study.started_at,
            updated_at=now(),
            synthetic=study.synthetic,
            command=study.command,
            plan_sha256=study.plan_sha256,
            unlike=study.unlike,
            strategies=study.strategies,
            federated=study.federated,
            seeds=study.seeds,
            leave_one_out=study.leave_one_out,
            external=study.external,
            folds=study.folds,
            hospitals=study.hospitals,
            classes=CLASSES,
            class_counts={name: dict(held) for name, held in study.class_counts.items()},
            settings=settings,
            cells=tuple(to_builtins(_cell_record(study, result)) for result in study.cells),
            results=results_json(study),
        )
    )
    return content


def _cell_record(study: Study, result: CellResult) -> CellRecord:
    return CellRecord(
        **asdict(result.cell),
        state=result.state,
        run_id=result.run_id,
        reason=result.reason,
        seconds=result.seconds,
        gradient_steps=result.steps,
        missed=result.missed,
        test_confusion_matrices={name: confusion.tolist() for name, confusion in result.tests.items()},
        design_effects=dict(result.effects),
        external=to_builtins(_external_record(study, result)),
    )


def _external_record(study: Study, result: CellResult) -> ExternalRecord | None:
    external = result.external
    if external is None:
        return None
    left_out = countable(study, result.cell.without or "", external.confusion).left_out
    return ExternalRecord(external.evaluation_id, external.confusion.tolist(), left_out, external.effect)


def load_study(folder: Path) -> Study:
    """Read one study, ``<output_dir>/artifacts/study-###``, whatever state its file is in.

    Returns
    -------
    Study
        With a `Problem` for each thing that is missing, damaged or does not fit.
    """
    notes = Notes(f"{folder.name}/{STUDY}")
    raw = read_json(folder / STUDY, notes, missing=f"{folder.name}/{STUDY} is not there, so the study cannot be shown.")
    if raw is not None and not mapping(raw):
        notes.add(f"{notes.file} does not hold a study; its content was left out.")
    body = read_record(StudyRecord, raw, notes)
    if mapping(raw) and body.state not in STUDY_STATES:
        notes.add(f"{notes.file} names no known state, so whether the study still goes on is not known.")
    cells = [_cell(item, notes, place) for place, item in enumerate(body.cells, start=1)]
    return Study(
        study_id=folder.name,
        name=body.name,
        state=body.state if body.state in STUDY_STATES else INCOMPLETE,
        strategies=body.strategies,
        seeds=body.seeds,
        leave_one_out=body.leave_one_out,
        external=body.external,
        folds=body.folds if body.folds <= _MOST_FOLDS else 0,
        hospitals=body.hospitals,
        cells=tuple(cell for cell in cells if cell is not None),
        class_counts=body.class_counts,
        synthetic=body.synthetic,
        command=body.command,
        plan_sha256=body.plan_sha256,
        unlike=body.unlike,
        started_at=body.started_at,
        updated_at=body.updated_at,
        problems=tuple(notes.problems),
    )


def _cell(raw: Any, notes: Notes, place: int) -> CellResult | None:
    body = read_record(CellRecord, raw, notes)
    if body.strategy is None or body.seed is None or body.state not in CELL_STATES:
        notes.add(f"{notes.file}: cell {place} names no strategy, seed or state and was left out.")
        return None
    tests = {
        name: np.asarray(rows, dtype=np.int64)
        for name, rows in body.test_confusion_matrices.items()
        if max(map(max, rows)) <= _MOST_SLICES
    }
    if len(tests) < len(mapping(mapping(raw).get("test_confusion_matrices"))):
        notes.add(f"{notes.file}: cell {place} has no usable confusion matrix of one hospital.")
    return CellResult(
        cell=Cell(body.strategy, body.seed, body.without, body.fold),
        state=body.state,
        run_id=body.run_id,
        reason=body.reason,
        seconds=body.seconds,
        steps=body.gradient_steps,
        missed=body.missed,
        tests=tests,
        effects={name: effect for name, effect in body.design_effects.items() if 1 <= effect <= _MOST_SLICES},
        external=_external(body.external, notes, place),
    )


def _external(raw: Any, notes: Notes, place: int) -> External | None:
    if raw is None:
        return None
    body = read_record(ExternalRecord, raw, notes)
    rows = body.confusion_matrix
    if body.evaluation_id is None or rows is None or max(map(max, rows)) > _MOST_SLICES:
        notes.add(f"{notes.file}: cell {place} has no usable test at the hospital that was left out.")
        return None
    effect = body.design_effect or 1.0
    confusion = np.asarray(rows, dtype=np.int64)
    return External(body.evaluation_id, confusion, effect if 1 <= effect <= _MOST_SLICES else 1.0)
