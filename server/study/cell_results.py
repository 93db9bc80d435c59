"""From a cell's run to what the study knows of it."""

from __future__ import annotations

import numpy as np

from common.artifacts.read_records import Run
from common.artifacts.read_values import mapping, matrix
from common.labels import NUM_CLASSES
from common.metrics.confusion import Confusion
from common.study.records import COMPLETED, Cell, CellResult
from server.study.known_runs import KnownRun


def cell_result(cell: Cell, known: KnownRun | None, failure: str | None) -> CellResult:
    """Read a cell's result.

    Parameters
    ----------
    cell : Cell
    known : KnownRun or None
        Its run, if it has one.
    failure : str or None
        How its process ended in this command, in a sentence; None if it did not run or nothing went wrong.
    """
    if known is None:
        return CellResult(cell, "failed" if failure else "missing", reason=failure)
    run = known.run
    state, reason = _state(known, failure)
    return CellResult(
        cell=cell,
        state=state,
        run_id=run.run_id,
        reason=reason,
        seconds=sum(round_.seconds for round_ in run.rounds if round_.seconds is not None) or None,
        steps=_steps(run),
        missed=run.status.missing_hospitals,
        tests=test_confusions(run) if state == COMPLETED else {},
    )


def test_confusions(run: Run) -> dict[str, Confusion]:
    """Return the confusion matrix, ``[4, 4]``, of each hospital that tested the run's model, by name."""
    bodies = mapping(run.metrics.get("per_hospital"))
    rows = {str(name): matrix(mapping(body).get("confusion_matrix"), NUM_CLASSES) for name, body in bodies.items()}
    return {name: np.asarray(found, dtype=np.int64) for name, found in rows.items() if found is not None}


def _state(known: KnownRun, failure: str | None) -> tuple[str, str | None]:
    if known.completed:
        return COMPLETED, None
    if known.busy:
        return "running", "its run is at work in another process"
    state = known.run.state if known.run.state in ("failed", "interrupted") else "failed"
    return state, failure or known.run.status.reason or "its run left no test figures"


def _steps(run: Run) -> int | None:
    steps = [round_.train_steps for round_ in run.rounds if round_.train_steps is not None]
    return sum(steps) if steps else None
