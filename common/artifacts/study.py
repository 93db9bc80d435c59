"""``study.json``: a study's cells with their confusion matrices, and what they say together.

The results in it are for readers that are not this project. `load_study` takes the cells alone and works everything
else out again, so that no figure can disagree with what it rests on.
"""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, to_builtins

from common.artifacts.layout import STUDY, StudyFolder
from common.artifacts.load import read_record
from common.artifacts.run_files import now
from common.artifacts.schema import Count, Matrix, Number, Text
from common.artifacts.values import Notes, mapping, read_json
from common.files import write_json
from common.labels import CLASSES
from common.metrics.fairness import exclusive_classes
from common.study import answers, site, statistics, uncertainty
from common.study.records import CELL_STATES, INCOMPLETE, STUDY_STATES, Cell, CellResult, Study

SCHEMA = 1
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
            hospitals=study.hospitals,
            classes=CLASSES,
            class_counts={name: dict(held) for name, held in study.class_counts.items()},
            settings=settings,
            cells=tuple(to_builtins(_cell_record(result)) for result in study.cells),
            results=results_json(study),
        )
    )
    return content


def _cell_record(result: CellResult) -> CellRecord:
    return CellRecord(
        **asdict(result.cell),
        state=result.state,
        run_id=result.run_id,
        reason=result.reason,
        seconds=result.seconds,
        gradient_steps=result.steps,
        missed=result.missed,
        test_confusion_matrices={name: confusion.tolist() for name, confusion in result.tests.items()},
    )


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
        cell=Cell(body.strategy, body.seed, body.without),
        state=body.state,
        run_id=body.run_id,
        reason=body.reason,
        seconds=body.seconds,
        steps=body.gradient_steps,
        missed=body.missed,
        tests=tests,
    )


def results_json(study: Study) -> dict[str, Any]:
    """Return everything that follows from the cells; ``hospital: null`` means all of them together."""
    return {
        "confidence": 0.95,
        "interval": "Student's t over seeds",
        "strategies": list(_strategies(study)),
        "differences": list(_differences(study)),
        "leave_one_out": [
            {
                "left_out": each.hospital,
                "on": each.on,
                "measure": each.measure,
                **estimate_json(each.estimate),
                "verdict": each.verdict.kind,
                "words": each.verdict.words,
            }
            for each in answers.contributions(study)
        ],
        "site_or_disease": list(_sites(study)),
        "gradient_steps": {
            name: {str(seed): steps for seed, steps in found.items()}
            for name, found in uncertainty.steps_by_strategy(study).items()
        },
        "answers": [asdict(answer) for answer in answers.answers(study)],
    }


def estimate_json(found: statistics.Estimate | None) -> dict[str, Any]:
    """Return an estimate's four keys, all of them null where there is none."""
    if found is None:
        return {"mean": None, "interval": None, "spread": None, "n": 0}
    interval = list(found.interval) if found.interval else None
    return {"mean": found.mean, "interval": interval, "spread": found.spread, "n": found.n}


def _strategies(study: Study) -> Iterator[dict[str, Any]]:
    for strategy in study.strategies:
        for measure in statistics.MEASURES:
            for hospital in (None, *study.hospitals):
                places = study.hospitals if hospital is None else (hospital,)
                found = statistics.over_seeds(study, strategy, measure, places)
                where = {"strategy": strategy, "hospital": hospital, "measure": measure.key}
                yield where | estimate_json(found)


def _differences(study: Study) -> Iterator[dict[str, Any]]:
    for subject, reference in answers.comparisons(study):
        for measure in statistics.MEASURES:
            for hospital in (None, *study.hospitals):
                found = answers.difference(study, subject, reference, measure, hospital)
                yield {
                    "subject": subject,
                    "reference": reference,
                    "hospital": hospital,
                    "measure": measure.key,
                    **estimate_json(found.estimate),
                    "seeds": list(found.seeds),
                    "verdict": found.verdict.kind,
                    "words": found.verdict.words,
                }


def _sites(study: Study) -> Iterator[dict[str, Any]]:
    for label, hospital in exclusive_classes(study.class_counts):
        for strategy in study.strategies:
            found = site.over_seeds(study, strategy, label, hospital)
            yield {
                "class": label,
                "hospital": hospital,
                "strategy": strategy,
                **{name: estimate_json(value) for name, value in found.items()},
                "site_only_predictor": {"recall": 1.0, "own_others": 1.0, "elsewhere": 0.0, "told_apart": 0.0},
                "limits": site.LIMITS,
            }
