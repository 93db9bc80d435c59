"""One cell of a study: what its run gives the study, and how long the cells to come will take."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean

import numpy as np

from common.artifacts.schema import Run
from common.artifacts.values import mapping, matrix
from common.labels import NUM_CLASSES
from common.metrics.confusion import Confusion
from common.study.records import COMPLETED, Cell, CellResult, External
from server.study.effects import effect_of
from server.study.known_runs import KnownRun


def cell_result(cell: Cell, known: KnownRun | None, failure: str | None) -> CellResult:
    """Read a cell's result.

    Parameters
    ----------
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
        effects=test_effects(run) if state == COMPLETED else {},
    )


def with_external(result: CellResult, external: External | None, failure: str | None) -> CellResult:
    """Add how a cell's model does at the hospital that was left out; without that the cell is not done.

    Parameters
    ----------
    failure : str or None
        How the process of the test ended in this command; None if it did not run or nothing went wrong.
    """
    if not result.completed:
        return result
    if external is None:
        state, reason = "failed" if failure else "interrupted", failure or f"not tested at {result.cell.without} yet"
        return replace(result, state=state, reason=reason, tests={}, effects={})
    return replace(result, external=external)


def test_confusions(run: Run) -> dict[str, Confusion]:
    """Return the confusion matrix, ``[4, 4]``, of each hospital that tested the run's model, by name."""
    bodies = mapping(run.metrics.get("per_hospital"))
    rows = {str(name): matrix(mapping(body).get("confusion_matrix"), NUM_CLASSES) for name, body in bodies.items()}
    return {name: np.asarray(found, dtype=np.int64) for name, found in rows.items() if found is not None}


def test_effects(run: Run) -> dict[str, float]:
    """Return the design effect of each of these tests, by the hospital's name."""
    bodies = mapping(run.metrics.get("per_hospital"))
    return {str(name): effect_of(body) for name, body in bodies.items()}


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


class Pace:
    """Remembers what runs took, whole ones only.

    A run is expected to take the mean of its strategy's; of a strategy that has not run yet, the mean of all.
    """

    def __init__(self) -> None:
        self._seconds: dict[Cell, float] = {}

    def note(self, cell: Cell, seconds: float | None) -> None:
        """Remember a cell's wall time in seconds; what is known first is kept."""
        if seconds is not None:
            self._seconds.setdefault(cell, seconds)

    def expected(self, cells: Sequence[Cell]) -> float | None:
        """Return the seconds that these cells will take one after the other, None before the first is done."""
        if not self._seconds:
            return None
        return sum(self._of(cell) for cell in cells)

    def _of(self, cell: Cell) -> float:
        alike = [s for known, s in self._seconds.items() if known.strategy == cell.strategy]
        same = [s for known, s in self._seconds.items() if _kind(known) == _kind(cell)]
        return mean(same or alike or self._seconds.values())


def _kind(cell: Cell) -> tuple[str, bool]:
    return cell.strategy, cell.without is not None
