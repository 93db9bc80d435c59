"""What is compared: a run, or one strategy of a study with its runs by seed, fold and left-out hospital."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common.artifacts.layout import RUN_ID, STUDY_ID, StudyFolder, existing_run, list_studies
from common.artifacts.study import load_study
from common.errors import InputError
from common.study.records import CellResult, Study
from common.text import listed, shown

_STUDY = re.compile(r"(study-[0-9]{3,9})(?::(\w+))?")


@dataclass(frozen=True)
class Place:
    """Where a run stands in a study; two runs at one place share their cases."""

    seed: int
    fold: int | None = None
    without: str | None = None
    """Name of the hospital that is left out."""

    @property
    def words(self) -> str:
        """The place in words: ``"seed 42, fold 3"``."""
        fold = f", fold {self.fold}" if self.fold is not None else ""
        return f"seed {self.seed}{fold}{f', without {self.without}' if self.without else ''}"


@dataclass(frozen=True)
class Subject:
    """One side of a comparison."""

    label: str
    """As it is typed, with the strategy: ``"run-007"``, ``"study-002:fedavg"``."""
    runs: Mapping[Place, str]
    """Completed runs of a study; empty for a run."""
    run: str | None = None


def read_subject(typed: str, output_dir: Path) -> Subject:
    """Find what was typed: ``run-007``, ``study-002``, or ``study-002:pooled``.

    Raises
    ------
    InputError
        ``RUN001``, ``COMPARE001`` there is no such run, study or strategy.
    """
    if RUN_ID.fullmatch(typed):
        return Subject(typed, {}, existing_run(output_dir, typed).run_id)
    found = _STUDY.fullmatch(typed)
    if not found:
        raise InputError(
            "COMPARE001", f"'{shown(typed)}' is no run or study; name it as run-007, study-002 or study-002:fedavg."
        )
    study = _study(found[1], output_dir)
    strategy = _strategy(study, found[2])
    cells = [each for each in study.planned if each.completed and each.run_id and each.cell.strategy == strategy]
    if not cells:
        raise InputError("COMPARE001", f"{study.study_id} has no completed run of {strategy}; let it end first.")
    runs = {place_of(each): str(each.run_id) for each in cells}
    return Subject(f"{study.study_id}:{strategy}", runs)


def place_of(result: CellResult) -> Place:
    """Return where a cell stands; of a study without folds there is none."""
    return Place(result.cell.seed, result.cell.fold, result.cell.without)


def _study(study_id: str, output_dir: Path) -> Study:
    folder = StudyFolder(output_dir, study_id)
    if not STUDY_ID.fullmatch(study_id) or not folder.results.is_file():
        there = list_studies(output_dir)
        known = f"there are {listed(there[:5])}" if there else "there are none yet"
        raise InputError("COMPARE001", f"There is no study '{study_id}' under {output_dir / 'artifacts'}; {known}.")
    return load_study(folder.path)


def _strategy(study: Study, wanted: str | None) -> str:
    """Return the strategy that was named, else the first that shares a model of a federation, else the only one."""
    strategies = study.strategies
    if wanted and wanted not in strategies:
        raise InputError(
            "COMPARE001",
            f"{study.study_id} has no runs of {shown(wanted)}; choose from {', '.join(strategies)}.",
        )
    found = wanted or study.federated or (strategies[0] if len(strategies) == 1 else None)
    if found is None:
        raise InputError(
            "COMPARE001",
            f"{study.study_id} has runs of {listed(list(strategies))}; name one, for example "
            f"{study.study_id}:{strategies[-1] if strategies else 'fedavg'}.",
        )
    return found
