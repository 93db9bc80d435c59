"""A study from its grid to its table: what is done is found, what stopped goes on, the rest runs, one by one."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from common.artifacts.layout import StudyFolder, check_writable, list_studies, new_study
from common.artifacts.run_files import now
from common.artifacts.study import load_study, write_study
from common.config.hospital import Hospital
from common.config.hydra import load_hospitals
from common.data.identity.labelling import require_slices
from common.errors import InputError, Interrupted, RunError
from common.study.records import COMPLETED, INCOMPLETE, Cell, Study
from common.study.uncertainty import missing
from server.study.cells import CellProcesses, Ended, Pace, cell_result
from server.study.grid import (
    PlannedCell,
    StudyGrid,
    plan_sha256,
    resume_arguments,
    run_arguments,
    shared_settings,
    unlike,
)
from server.study.known_runs import KnownRun, KnownRuns
from server.study.terminal import cell_line, results_table, say_answers

_REFUSED = 2  # exit code of a run that cannot be gone on with


def conduct_study(grid: StudyGrid, cells: Sequence[PlannedCell], command: str, console: Console) -> None:
    """Do what a study still lacks.

    Parameters
    ----------
    command : str
        What was typed, to go on with.

    Raises
    ------
    InputError
        ``STUDY002`` if it is at work in another process; ``OUT001``; ``DATA001`` or ``DATA002`` where runs are to
        come and a hospital has no slices.
    Interrupted
        ``RUN130`` after Ctrl-C.
    RunError
        ``STUDY010`` if a cell could not be completed.
    """
    output_dir = Path(cells[0].settings.output_dir)
    check_writable(output_dir)
    known = KnownRuns(output_dir)
    _require_slices(cells, known)
    folder = folder_of(output_dir, plan_sha256(cells))
    lock = FileLock(folder.lock)  # the operating system lets go of it when the process dies
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError("STUDY002", f"{folder.study_id} is at work in another process.") from None
    try:
        with CellProcesses() as processes:
            study = _Conductor(grid, cells, command, folder, known, console, processes).conduct()
    finally:
        lock.release()
    _say_end(study, folder, console)


def _require_slices(cells: Sequence[PlannedCell], known: KnownRuns) -> None:
    """Refuse a study of which every run would be refused; one that is done may be shown without its slices."""
    runs = known.of(cells)
    if not all(each.cell in runs and runs[each.cell].completed for each in cells):
        require_slices(Path(cells[0].settings.data.root), _hospitals(cells))


def folder_of(output_dir: Path, plan: str) -> StudyFolder:
    """Return the folder of the study with this plan, or a new one."""
    for study_id in list_studies(output_dir):
        folder = StudyFolder(output_dir, study_id)
        if load_study(folder.path).plan_sha256 == plan:
            return folder
    return new_study(output_dir)


class _Conductor:
    """One command's work on one study."""

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
        self._cells = list(cells)
        self._folder = folder
        self._console = console
        self._processes = processes
        self._known = known
        self._failures: dict[Cell, str | None] = {}
        self._pace = Pace()
        self._study = Study(
            study_id=folder.study_id,
            name=grid.name,
            strategies=tuple(grid.strategies),
            seeds=tuple(grid.seeds),
            leave_one_out=grid.leave_one_out,
            hospitals=tuple(hospital.name for hospital in _hospitals(cells)),
            command=command,
            plan_sha256=plan_sha256(cells),
            unlike=unlike(cells),
            started_at=load_study(folder.path).started_at or now(),
        )

    def conduct(self) -> Study:
        """Run what is not done, each cell at most once; return the study as it ends."""
        study = self._save("running", self._survey())
        done = len(study.cells) - len(study.unfinished)
        self._console.print(f"[bold]{study.study_id}[/]  {len(study.cells)} runs, {done} of them done already")
        while not self._processes.stopped and (todo := self._next(study)):
            self._run(todo, study)
            study = self._save("running", self._survey())
        state = "interrupted" if self._processes.stopped else INCOMPLETE if study.unfinished else COMPLETED
        return self._save(state, self._survey())

    def _survey(self) -> dict[Cell, KnownRun]:
        return self._known.of(self._cells)

    def _next(self, study: Study) -> PlannedCell | None:
        """Return the first cell that is neither done nor tried in this command."""
        open_cells = {result.cell for result in study.unfinished} - set(self._failures)
        return next((each for each in self._cells if each.cell in open_cells), None)

    def _run(self, planned: PlannedCell, study: Study) -> None:
        number = self._cells.index(planned)
        result = study.cells[number]
        to_come = [each.cell for each in study.unfinished if each.cell not in self._failures]
        expected = self._pace.expected(to_come)
        self._console.print(cell_line(result, number + 1, study, expected, datetime.now().astimezone()))
        at_work = replace(result, state="running", reason=None)
        self._write(replace(study, cells=(*study.cells[:number], at_work, *study.cells[number + 1 :])))
        started = time.monotonic()
        ended, whole = self._do(planned)
        self._failures[planned.cell] = ended.reason
        if not ended.code and whole:
            self._pace.note(planned.cell, time.monotonic() - started)
        if ended.code and not self._processes.stopped:
            self._console.print(f"[yellow]{number + 1} of {len(study.cells)} failed:[/] {ended.reason}", markup=True)

    def _do(self, planned: PlannedCell) -> tuple[Ended, bool]:
        """Go on with the cell's run, or start one; return how it ended, and whether that was the whole of it."""
        known = self._survey().get(planned.cell)
        if known is not None and known.busy:
            return Ended(_REFUSED, f"{known.run.run_id} is at work in another process"), False
        if known is not None and known.resumable:
            ended = self._processes.run(resume_arguments(planned.settings, known.run.run_id))
            if ended.code != _REFUSED:
                return ended, False
            self._console.print(f"[yellow]{known.run.run_id} cannot go on, so that its cell begins anew[/]")
        return self._processes.run(run_arguments(planned.settings)), True

    def _save(self, state: str, known: dict[Cell, KnownRun]) -> Study:
        results = tuple(
            cell_result(each.cell, known.get(each.cell), self._failures.get(each.cell)) for each in self._cells
        )
        for result in results:
            if result.completed:
                self._pace.note(result.cell, result.seconds)
        runs = [known[result.cell].run for result in results if result.completed and not result.cell.without]
        counts = {name: dict(held.class_counts) for name, held in runs[0].hospitals.items()} if runs else {}
        synthetic = any(run.synthetic for run in runs)
        return self._write(replace(self._study, state=state, cells=results, class_counts=counts, synthetic=synthetic))

    def _write(self, study: Study) -> Study:
        write_study(self._folder, study, self._settings())
        return study

    def _settings(self) -> dict[str, Any]:
        return shared_settings(self._cells[0].settings)


def _hospitals(cells: Sequence[PlannedCell]) -> list[Hospital]:
    return load_hospitals(max((each.settings.hospitals for each in cells), key=len))


def _say_end(study: Study, folder: StudyFolder, console: Console) -> None:
    """Print the table and the answers; raise what the command leaves with."""
    if any(result.completed for result in study.cells):
        console.print(results_table(study))
        say_answers(console, study)
    console.print(f"\nfigures and answers are in {folder.results}", soft_wrap=True, highlight=False)
    if study.state == COMPLETED:
        return
    console.print(f"go on with: {study.command}", soft_wrap=True, highlight=False, markup=False)
    if study.state == "interrupted":
        raise Interrupted("RUN130", "The study was stopped.")
    raise RunError("STUDY010", f"{missing(study)} The same command tries them again.")
