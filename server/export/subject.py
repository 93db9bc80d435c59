"""What is exported: a completed run, or the completed runs of a study, read once and compared with their ledgers."""

from dataclasses import dataclass
from pathlib import Path

from common.artifacts.layout import STUDY_ID, RunFolder, StudyFolder, existing_run, list_studies
from common.artifacts.ledger.check import require_verified
from common.artifacts.load import load_run
from common.artifacts.schema import Run
from common.artifacts.study import load_study
from common.errors import InputError
from common.study.records import COMPLETED, INCOMPLETE, Cell, CellResult, Study
from common.text import shown


@dataclass(frozen=True)
class ExportedRun:
    """A completed run."""

    folder: RunFolder
    run: Run
    cell: Cell | None = None
    """Its place in the study that is exported; None for a run on its own."""

    @property
    def label(self) -> str:
        """How others' tools call it: ``"run-007"``, or in a study ``"fedavg-seed42"``."""
        if self.cell is None:
            return self.run.run_id
        without = f"-without-{self.cell.without}" if self.cell.without else ""
        fold = f"-fold{self.cell.fold}" if self.cell.fold is not None else ""
        return f"{self.cell.strategy}-seed{self.cell.seed}{fold}{without}"


@dataclass(frozen=True)
class Subject:
    """A run, or a study."""

    name: str
    """``"run-007"`` or ``"study-001"``."""
    runs: tuple[ExportedRun, ...]
    """One, or those of a study's completed cells."""
    study: Study | None = None
    notes: tuple[str, ...] = ()
    """What was left out, a sentence each."""

    @property
    def synthetic(self) -> bool:
        """Whether a program drew the slices of any of it."""
        return any(each.run.synthetic for each in self.runs)


def subject_of(output_dir: Path, name: str) -> Subject:
    """Read what a name such as ``run-007`` or ``study-001`` stands for.

    Raises
    ------
    InputError
        ``RUN001``, ``EXPORT003`` no such run or study, ``EXPORT002`` it is not completed or holds nothing,
        ``LEDGER001``, ``LEDGER002`` its files are not those of its ledger.
    """
    if STUDY_ID.fullmatch(name):
        return _study(output_dir, name)
    return Subject(name, (_completed(existing_run(output_dir, name)),))


def _completed(folder: RunFolder, cell: Cell | None = None) -> ExportedRun:
    run = load_run(folder.path)
    if run.state != COMPLETED:
        raise InputError(
            "EXPORT002", f"{run.run_id} is not completed ({run.state}), so it cannot be exported; let it finish first."
        )
    if not run.rounds or not run.meta:
        why = run.problems[0].sentence if run.problems else "its files hold no round."
        raise InputError("EXPORT002", f"{run.run_id} cannot be exported: {why}")
    require_verified(folder)
    return ExportedRun(folder, run, cell)


def _study(output_dir: Path, name: str) -> Subject:
    if name not in list_studies(output_dir):
        raise InputError("EXPORT003", f"There is no study '{shown(name)}' under {output_dir / 'artifacts'}.")
    study = load_study(StudyFolder(output_dir, name).path)
    if study.state not in (COMPLETED, INCOMPLETE):
        raise InputError("EXPORT002", f"{name} is not completed ({study.state}), so it cannot be exported.")
    runs, notes = [], []
    for result in study.cells:
        try:
            runs.append(_of_cell(output_dir, result))
        except InputError as error:
            notes.append(f"{result.cell.strategy} with seed {result.cell.seed} is left out: {error.sentence}")
    if not runs:
        raise InputError("EXPORT002", f"{name} cannot be exported: none of its runs is completed and still there.")
    return Subject(name, tuple(runs), study, tuple(notes))


def _of_cell(output_dir: Path, result: CellResult) -> ExportedRun:
    if not result.completed or result.run_id is None:
        raise InputError("EXPORT002", f"its run is not completed ({result.state}).")
    return _completed(existing_run(output_dir, result.run_id), result.cell)
