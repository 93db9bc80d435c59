"""Where the files of runs, studies, evaluations and comparisons lie, and how each gets its number."""

import os
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from common.errors import InputError
from common.files import why
from common.text import shown

RUN_ID = re.compile(r"run-([0-9]{3,9})")
STUDY_ID = re.compile(r"study-([0-9]{3,9})")
EVALUATION_ID = re.compile(r"evaluation-([0-9]{3,9})")
COMPARISON_ID = re.compile(r"comparison-([0-9]{3,9})")
_HIGHEST = 999_999_999

STATUS = "status.json"
STATS = "dataset_stats.json"
SPLITS = "dataset_splits.json"
HISTORY = "training_history.json"
META = "model_meta.json"
CARD = "model_card.md"
LABEL_MAP = "label_map.json"
FAMILIARITY = "familiarity.npz"
CONFIG = "config.yaml"
WEIGHTS = "global_model.pth"
CHECKPOINT = "checkpoint.pth"
LEDGER = "ledger.jsonl"
ABOUT = "about.json"  # what people say of a run: no part of what the run recorded
STUDY = "study.json"
EVALUATION = "evaluation_meta.json"
COMPARISON = "comparison.json"
PRIVACY_AUDIT = "privacy_audit.json"  # what attacks found: no part of what the run recorded
LOCK = ".lock"  # held by the process of a run or study
PROGRESS = "progress.json"  # there while a run goes on: what it does now; its date is the process's sign of life


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    output_dir: Path
    """Parent of ``artifacts/``, ``models/`` and ``logs/``."""
    run_id: str
    """For example ``"run-007"``."""

    @property
    def path(self) -> Path:
        """``artifacts/run-###``."""
        return self.output_dir / "artifacts" / self.run_id

    @property
    def lock(self) -> Path:
        """Held while the run goes on."""
        return self.path / LOCK

    @property
    def status(self) -> Path:
        """State of the run, updated at each step."""
        return self.path / STATUS

    @property
    def progress(self) -> Path:
        """What the run does at this moment; no ledger names it."""
        return self.path / PROGRESS

    @property
    def stats(self) -> Path:
        """What each hospital holds."""
        return self.path / STATS

    @property
    def splits(self) -> Path:
        """Which slices train, validate and test, as indices."""
        return self.path / SPLITS

    def match_list(self, key: str) -> Path:
        """Which slices of a hospital others hold too, by index: for that hospital."""
        return self.path / "cross_duplicates" / f"{key}.matches.json"

    @property
    def history(self) -> Path:
        """One object a round."""
        return self.path / HISTORY

    @property
    def meta(self) -> Path:
        """The finished model's figures."""
        return self.path / META

    @property
    def card(self) -> Path:
        """The model card: what a stranger must know of the model."""
        return self.path / CARD

    @property
    def label_map(self) -> Path:
        """Class to index."""
        return self.path / LABEL_MAP

    @property
    def config(self) -> Path:
        """The resolved settings."""
        return self.path / CONFIG

    @property
    def best_weights(self) -> Path:
        """Weights of the best round so far."""
        return self.path / WEIGHTS

    @property
    def familiarity(self) -> Path:
        """What tells an image that is unlike the slices of training, numbers alone."""
        return self.path / FAMILIARITY

    @property
    def checkpoint(self) -> Path:
        """What a resume needs: weights after the last complete round."""
        return self.path / CHECKPOINT

    @property
    def ledger(self) -> Path:
        """What the run did, line after line, each signed and with the hash of the one before."""
        return self.path / LEDGER

    def kept_update(self, number: int, key: str) -> Path:
        """What a hospital sent in a round, where ``keep_updates=true`` keeps it."""
        return self.path / "updates" / f"round-{number:04d}" / f"{key}.update"


@dataclass(frozen=True)
class StudyFolder:
    """The files of one study; its runs have folders of their own."""

    output_dir: Path
    """Parent of ``artifacts/``."""
    study_id: str
    """For example ``"study-001"``."""

    @property
    def path(self) -> Path:
        """``artifacts/study-###``."""
        return self.output_dir / "artifacts" / self.study_id

    @property
    def results(self) -> Path:
        """The cells and what they say together."""
        return self.path / STUDY

    @property
    def lock(self) -> Path:
        """Held while the study runs."""
        return self.path / LOCK


@dataclass(frozen=True)
class EvaluationFolder:
    """The files of one evaluation of a finished run's model."""

    output_dir: Path
    """Parent of ``artifacts/``."""
    evaluation_id: str
    """For example ``"evaluation-001"``."""

    @property
    def path(self) -> Path:
        """``artifacts/evaluation-###``."""
        return self.output_dir / "artifacts" / self.evaluation_id

    @property
    def meta(self) -> Path:
        """The figures; written last, so that an evaluation with this file is complete."""
        return self.path / EVALUATION

    @property
    def config(self) -> Path:
        """The resolved settings."""
        return self.path / CONFIG

    @property
    def log(self) -> Path:
        """What happened."""
        return self.path / "evaluation.log"


@dataclass(frozen=True)
class ComparisonFolder:
    """The files of one comparison of two runs or studies; its evaluations have folders of their own."""

    output_dir: Path
    """Parent of ``artifacts/``."""
    comparison_id: str
    """For example ``"comparison-001"``."""

    @property
    def path(self) -> Path:
        """``artifacts/comparison-###``."""
        return self.output_dir / "artifacts" / self.comparison_id

    @property
    def results(self) -> Path:
        """The pairs and what they say together."""
        return self.path / COMPARISON

    @property
    def lock(self) -> Path:
        """Held while the comparison goes on."""
        return self.path / LOCK


def ledger_keys(output_dir: Path) -> Path:
    """Return the file of public keys that have signed ledgers in an output folder, one a line.

    It is not among the runs, nor is a simulation's private key beside it: runs are copied and shared.
    """
    return output_dir / ".ledger" / "keys.pub"


def check_writable(output_dir: Path) -> None:
    """Refuse an output folder that cannot be written, before anything is computed.

    Raises
    ------
    InputError
        ``OUT001``.
    """
    for name in ("artifacts", "models", "logs"):
        folder = output_dir / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except (OSError, ValueError) as error:
            raise InputError(
                "OUT001",
                f"{shown(folder, 300)} cannot be written ({why(error)}); choose another place with output_dir=...",
            ) from None


def new_run(output_dir: Path) -> RunFolder:
    """Take the number after the highest one there; two runs that start at once never share one."""
    parent = output_dir / "artifacts"
    while True:
        numbers = [int(match[1]) for path in parent.iterdir() if (match := RUN_ID.fullmatch(path.name))]
        folder = RunFolder(output_dir, f"run-{_next(numbers, parent):03d}")
        try:
            folder.path.mkdir()
        except FileExistsError:
            continue
        return folder


def _next(numbers: Sequence[int], parent: Path) -> int:
    highest = max(numbers, default=0)
    if highest >= _HIGHEST:
        raise InputError("OUT001", f"The numbers in {parent} are used up; choose another place with output_dir=...")
    return highest + 1


def existing_run(output_dir: Path, run_id: str) -> RunFolder:
    """Find a run by its number.

    Raises
    ------
    InputError
        ``RUN001`` if `run_id` is no run number or there is no such run.
    """
    folder = RunFolder(output_dir, run_id)
    if not RUN_ID.fullmatch(run_id) or not os.path.isdir(folder.path):
        present = sorted(path.name for path in (output_dir / "artifacts").glob("run-*"))
        there = f"there are {', '.join(present[-5:])}" if present else "there are none yet"
        raise InputError("RUN001", f"There is no run '{shown(run_id)}' under {output_dir / 'artifacts'}; {there}.")
    return folder


def new_log(output_dir: Path) -> Path:
    """Create ``logs/<YYYYmmdd_HHMMSS>/`` and return the path of its ``training.log``."""
    while True:
        folder = output_dir / "logs" / datetime.now().strftime("%Y%m%d_%H%M%S")
        try:
            os.makedirs(folder)
        except FileExistsError:
            time.sleep(0.2)  # another run took this second
            continue
        return folder / "training.log"


def list_studies(output_dir: Path) -> list[str]:
    """Return the names of the studies below a folder, the highest number first."""
    return _numbered(output_dir, STUDY_ID)


def list_evaluations(output_dir: Path) -> list[str]:
    """Return the names of the evaluations below a folder, the highest number first; some may be unfinished."""
    return _numbered(output_dir, EVALUATION_ID)


def list_comparisons(output_dir: Path) -> list[str]:
    """Return the names of the comparisons below a folder, the highest number first."""
    return _numbered(output_dir, COMPARISON_ID)


def _numbered(output_dir: Path, names: re.Pattern[str]) -> list[str]:
    try:
        found = [match for entry in (output_dir / "artifacts").iterdir() if (match := names.fullmatch(entry.name))]
    except OSError:
        return []
    return [match.string for match in sorted(found, key=lambda match: int(match[1]), reverse=True)]


def new_study(output_dir: Path) -> StudyFolder:
    """Take the number after the highest one there; two studies that start at once never share one."""
    return StudyFolder(output_dir, _new_folder(output_dir, STUDY_ID, "study"))


def new_evaluation(output_dir: Path) -> EvaluationFolder:
    """Take the number after the highest one there; two evaluations that start at once never share one."""
    return EvaluationFolder(output_dir, _new_folder(output_dir, EVALUATION_ID, "evaluation"))


def new_comparison(output_dir: Path) -> ComparisonFolder:
    """Take the number after the highest one there; two comparisons that start at once never share one."""
    return ComparisonFolder(output_dir, _new_folder(output_dir, COMPARISON_ID, "comparison"))


def _new_folder(output_dir: Path, names: re.Pattern[str], kind: str) -> str:
    parent = output_dir / "artifacts"
    while True:
        numbers = [int(match[1]) for name in _numbered(output_dir, names) if (match := names.fullmatch(name))]
        name = f"{kind}-{_next(numbers, parent):03d}"
        try:
            (parent / name).mkdir(parents=True)
        except FileExistsError:
            continue
        return name
