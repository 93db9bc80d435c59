"""Writes ``study.json``: a study's cells with their confusion matrices, and what they say together.

The written results are for readers that are not this project; `common.artifacts.load_study` takes the cells.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from common.artifacts.layout import StudyFolder
from common.artifacts.status import now
from common.artifacts.study_results import results_json
from common.files import write_json
from common.labels import CLASSES
from common.study.records import CellResult, Study

SCHEMA = 1


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
        "unlike": list(study.unlike),
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
