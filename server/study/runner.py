"""A study from its grid to its table: what is done is found, what stopped goes on, the rest runs, one by one."""

from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from common.artifacts.layout import StudyFolder, check_writable, list_studies, new_study
from common.artifacts.study import load_study
from common.data.identity.labelling import require_slices
from common.errors import InputError, Interrupted, RunError
from common.study.records import COMPLETED, Study
from common.study.uncertainty import missing
from server.study.conductor import Conductor, hospitals_of
from server.study.grid import PlannedCell, plan_sha256
from server.study.grid_settings import StudyGrid
from server.study.known_runs import KnownRuns
from server.study.processes import CellProcesses
from server.study.terminal import results_table, say_answers
from server.study.unseen_table import say_unseen


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
    folder = folder_of(output_dir, plan_sha256(cells, grid.external))
    lock = FileLock(folder.lock)  # the operating system lets go of it when the process dies
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError("STUDY002", f"{folder.study_id} is at work in another process.") from None
    try:
        with CellProcesses(grid.parallel) as processes:
            study = Conductor(grid, cells, command, folder, known, console, processes).conduct()
    finally:
        lock.release()
    _say_end(study, folder, console)


def _require_slices(cells: Sequence[PlannedCell], known: KnownRuns) -> None:
    """Refuse a study of which every run would be refused; one that is done may be shown without its slices."""
    runs = known.of(cells)
    if not all(each.beside or (each.cell in runs and runs[each.cell].completed) for each in cells):
        require_slices(Path(cells[0].settings.data.root), hospitals_of(cells))


def folder_of(output_dir: Path, plan: str) -> StudyFolder:
    """Return the folder of the study with this plan, or a new one."""
    for study_id in list_studies(output_dir):
        folder = StudyFolder(output_dir, study_id)
        if load_study(folder.path).plan_sha256 == plan:
            return folder
    return new_study(output_dir)


def _say_end(study: Study, folder: StudyFolder, console: Console) -> None:
    """Print the table and the answers; raise what the command leaves with."""
    if any(result.completed for result in study.cells):
        console.print(results_table(study))
        say_unseen(console, study)
        say_answers(console, study)
    console.print(f"\nfigures and answers are in {folder.results}", soft_wrap=True, highlight=False)
    if study.state == COMPLETED:
        return
    console.print(f"go on with: {study.command}", soft_wrap=True, highlight=False, markup=False)
    if study.state == "interrupted":
        raise Interrupted("RUN130", "The study was stopped.")
    raise RunError("STUDY010", f"{missing(study)} The same command tries them again.")
