"""One command's work on one study: what is to be done next, what came of it, and the study as it stands."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import Any

from rich.console import Console

from common.artifacts.layout import StudyFolder
from common.artifacts.run_files import now
from common.artifacts.study import load_study, write_study
from common.config.hospital import Hospital
from common.config.hydra import load_hospitals
from common.study.records import COMPLETED, INCOMPLETE, Cell, CellResult, Study
from server.study.arguments import evaluation_arguments, resume_arguments, run_arguments
from server.study.cells import Pace, cell_result, with_external
from server.study.grid import PlannedCell, plan_sha256, shared_settings, unlike
from server.study.grid_settings import StudyGrid
from server.study.known_evaluations import KnownEvaluations
from server.study.known_runs import KnownRun, KnownRuns
from server.study.processes import EVALUATE, SIMULATE, CellProcesses, Ended
from server.study.terminal import cell_line

REFUSED = 2  # exit code of a run that cannot be gone on with


@dataclass(frozen=True)
class _Step:
    """What is to be done for a cell."""

    planned: PlannedCell
    known: KnownRun | None
    """Its run, if it has one."""

    @property
    def tests(self) -> bool:
        """Whether its run is there, so that the model is to be tested where it was not trained."""
        return self.known is not None and self.known.completed

    @property
    def key(self) -> tuple[Cell, bool]:
        """Under which it is remembered that this command tried it."""
        return self.planned.cell, self.tests


@dataclass(frozen=True)
class _Done:
    ended: Ended
    whole: bool
    """Whether it was all of a run."""
    seconds: float


class Conductor:
    """One command's work on one study.

    Parameters
    ----------
    command : str
        What was typed, to go on with.
    """

    def __init__(
        self,
        grid: StudyGrid,
        cells: Sequence[PlannedCell],
        command: str,
        folder: StudyFolder,
        known: KnownRuns,
        console: Console,
        processes: CellProcesses,
    ) -> None:
        self._grid = grid
        self._cells = [each for each in cells if not each.beside]
        self._beside = [each for each in cells if each.beside]
        self._keys = {hospital.name: hospital.key for hospital in hospitals_of(cells)}
        self._folder = folder
        self._console = console
        self._processes = processes
        self._known = known
        self._evaluations = KnownEvaluations(folder.output_dir)
        self._failures: dict[tuple[Cell, bool], str | None] = {}
        self._at_work: dict[Future[_Done], _Step] = {}
        self._found: dict[Cell, KnownRun] = {}
        self._pace = Pace()
        self._study = Study(
            study_id=folder.study_id,
            name=grid.name,
            strategies=tuple(grid.strategies),
            seeds=tuple(grid.seeds),
            leave_one_out=grid.leave_one_out,
            external=grid.external,
            folds=grid.folds,
            hospitals=tuple(self._keys),
            command=command,
            plan_sha256=plan_sha256(cells, grid.external),
            unlike=unlike(self._cells),
            started_at=load_study(folder.path).started_at or now(),
        )

    def conduct(self) -> Study:
        """Do what is not done, each run and each test at most once; return the study as it ends."""
        study = self._save("running")
        done = len(study.planned) - len(study.unfinished)
        self._console.print(f"[bold]{study.study_id}[/]  {len(study.planned)} runs, {done} of them done already")
        with _executor(self._grid.parallel) as pool:
            while True:
                study = self._begin(pool, study)
                if not self._at_work:
                    break
                for future in wait(self._at_work, return_when=FIRST_COMPLETED).done:
                    self._note(self._at_work.pop(future), future.result())
                study = self._save("running")
        state = "interrupted" if self._processes.stopped else INCOMPLETE if study.unfinished else COMPLETED
        return self._save(state)

    def _begin(self, pool: Executor, study: Study) -> Study:
        """Start as many steps as may go on at once."""
        while len(self._at_work) < self._grid.parallel and not self._processes.stopped and (step := self._next(study)):
            study = self._announce(step, study)
            self._at_work[pool.submit(self._do, step)] = step
        return study

    def _next(self, study: Study) -> _Step | None:
        """Return the first step that is neither done nor tried in this command."""
        busy = {step.planned.cell for step in self._at_work.values()}
        open_cells = {result.cell for result in study.unfinished} - busy
        steps = (_Step(each, self._found.get(each.cell)) for each in self._cells if each.cell in open_cells)
        return next((step for step in steps if step.key not in self._failures), None)

    def _announce(self, step: _Step, study: Study) -> Study:
        """Print the line before a step, and write that it goes on."""
        number = self._cells.index(step.planned)
        result = study.cells[number]
        expected = self._pace.expected([each.cell for each in study.unfinished])
        seconds = None if expected is None else expected / self._grid.parallel
        line = cell_line(result, number + 1, study, seconds, datetime.now().astimezone(), testing=step.tests)
        self._console.print(line)
        cells = (*study.cells[:number], _running(result), *study.cells[number + 1 :])
        return self._write(replace(study, cells=cells))

    def _do(self, step: _Step) -> _Done:
        started = monotonic()
        ended, whole = self._run(step.planned, step.known)
        return _Done(ended, whole, monotonic() - started)

    def _run(self, planned: PlannedCell, known: KnownRun | None) -> tuple[Ended, bool]:
        """Test the cell's model, go on with its run, or start one; return how it ended, and whether it ran whole."""
        if known is not None and known.busy:
            return Ended(REFUSED, f"{known.run.run_id} is at work in another process"), False
        if known is not None and known.completed:
            hospital = self._keys[planned.cell.without or ""]
            return self._processes.run(
                evaluation_arguments(planned.settings, known.run.run_id, hospital), EVALUATE
            ), False
        if known is not None and known.resumable:
            ended = self._processes.run(resume_arguments(planned.settings, known.run.run_id), SIMULATE)
            if ended.code != REFUSED:
                return ended, False
            self._console.print(f"[yellow]{known.run.run_id} cannot go on, so that its cell begins anew[/]")
        return self._processes.run(run_arguments(planned.settings), SIMULATE), True

    def _note(self, step: _Step, done: _Done) -> None:
        """Remember what came of a step, and say it where its own lines were not shown or it failed."""
        self._failures[step.key] = done.ended.reason
        if not done.ended.code and done.whole:
            self._pace.note(step.planned.cell, done.seconds)
        number = f"{self._cells.index(step.planned) + 1} of {len(self._cells)}"
        if done.ended.code and not self._processes.stopped:
            self._console.print(f"[yellow]{number} failed:[/] {done.ended.reason}", markup=True)
        elif self._grid.parallel > 1 and not done.ended.code:
            self._console.print(f"[dim]{number} {'tested' if step.tests else 'trained'}[/]")

    def _save(self, state: str) -> Study:
        """Look at every run that is not at work, and write the study."""
        at_work = {step.planned.cell: step for step in self._at_work.values()}
        idle = [each for each in (*self._cells, *self._beside) if each.cell not in at_work]
        self._found = {**self._known.of(idle), **{cell: step.known for cell, step in at_work.items() if step.known}}
        files = {name: digest for known in self._found.values() for name, digest in known.files.items()}
        results = tuple(
            _running(self._result(each, files)) if each.cell in at_work else self._result(each, files)
            for each in self._cells
        )
        for result in results:
            if result.completed:
                self._pace.note(result.cell, result.seconds)
        runs = [known.run for known in self._found.values() if known.completed]
        held = {name: dict(data.class_counts) for run in runs for name, data in run.hospitals.items()}
        counts = {name: held[name] for name in self._study.hospitals if name in held}
        beside = tuple(result for each in self._beside if (result := self._result(each, files)).completed)
        synthetic = any(run.synthetic for run in runs)
        cells = (*results, *beside)
        return self._write(replace(self._study, state=state, cells=cells, class_counts=counts, synthetic=synthetic))

    def _result(self, planned: PlannedCell, files: Mapping[str, str]) -> CellResult:
        cell = planned.cell
        known = self._found.get(cell)
        result = cell_result(cell, known, self._failures.get((cell, False)))
        if not self._study.is_external(cell) or known is None:
            return result
        external = self._evaluations.of(known.run, cell.without or "", files.get(cell.without or ""))
        return with_external(result, external, self._failures.get((cell, True)))

    def _write(self, study: Study) -> Study:
        write_study(self._folder, study, self._settings())
        return study

    def _settings(self) -> dict[str, Any]:
        return shared_settings(self._cells[0].settings)


def _running(result: CellResult) -> CellResult:
    return replace(result, state="running", reason=None)


class _AtOnce(Executor):
    """Does in this thread what it is given, before it returns."""

    def submit(self, task: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(task(*given, **named))
        return future


def _executor(parallel: int) -> Executor:
    return ThreadPoolExecutor(parallel) if parallel > 1 else _AtOnce()


def hospitals_of(cells: Sequence[PlannedCell]) -> list[Hospital]:
    """Return the hospitals of a study, of which a cell may lack one."""
    return load_hospitals(max((each.settings.hospitals for each in cells), key=len))
