"""What a run's files say, typed; every figure may be missing (None), for version 1 wrote fewer of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.artifacts.read_values import Problem
from common.overlap.matches import Shared

STATES = ("running", "completed", "failed", "interrupted")
UNRECORDED = "unrecorded"
Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Status:
    """``status.json``: where a run stands; times are ISO 8601 with a zone, `state` one of `STATES` or `UNRECORDED`."""

    state: str = UNRECORDED
    started_at: str | None = None
    updated_at: str | None = None
    ended_at: str | None = None
    round: int | None = None
    rounds: int | None = None
    phase: str | None = None
    strategy: str | None = None
    engine: str | None = None
    hospitals: tuple[str, ...] = ()
    synthetic: bool = False
    pooled: bool = False
    notice: str | None = None
    reason: str | None = None
    log: str | None = None
    resume_command: str | None = None
    missing_hospitals: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One finding of a hospital's audit, without file names."""

    code: str
    severity: str
    title: str
    sentence: str
    count: int


@dataclass(frozen=True)
class HospitalData:
    """``dataset_stats.json``, one hospital: what it holds. `location` is (latitude, longitude) in degrees.

    `shared` says which slices other hospitals hold too, `not_compared` why that is not known; both None: not recorded.
    """

    name: str
    key: str | None = None
    dataset_id: str | None = None
    specialty: str | None = None
    location: tuple[float, float] | None = None
    total: int | None = None
    class_counts: Mapping[str, int] = field(default_factory=dict)
    split_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    files_found: int | None = None
    unusable_files: int | None = None
    unmatched_folders: tuple[str, ...] = ()
    missing_classes: tuple[str, ...] = ()
    synthetic: bool = False
    group_count: int | None = None
    grouped_split: bool | None = None
    groups_across_splits: int | None = None
    audit: tuple[Finding, ...] = ()
    shared: Shared | None = None
    not_compared: str | None = None


@dataclass(frozen=True)
class Failure:
    """A hospital that did not answer in a round, in which phase, and why."""

    hospital: str
    phase: str
    reason: str


@dataclass(frozen=True)
class HospitalRound:
    """One hospital's part of one round: losses, fractions, samples, seconds, bytes."""

    train_loss: float | None = None
    train_accuracy: float | None = None
    train_samples: int | None = None
    train_steps: int | None = None
    train_seconds: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    val_samples: int | None = None
    val_seconds: float | None = None
    val_macro_f1: float | None = None
    val_confusion_matrix: Matrix | None = None
    bytes_down: int | None = None
    bytes_up: int | None = None


@dataclass(frozen=True)
class Round:
    """One object of ``training_history.json``; accuracies and F1 are fractions, weighted over hospitals by samples.

    `pooled` is the training of all hospitals' slices in one loader, where that is what happened.
    """

    number: int
    train_loss: float | None = None
    train_accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    val_macro_f1: float | None = None
    val_confusion_matrix: Matrix | None = None
    started_at: str | None = None
    seconds: float | None = None
    lr: float | None = None
    asked: tuple[str, ...] = ()
    replied: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    bytes_down: int | None = None
    bytes_up: int | None = None
    hospitals: Mapping[str, HospitalRound] = field(default_factory=dict)
    pooled: HospitalRound | None = None

    @property
    def train_steps(self) -> int | None:
        """Gradient steps over all hospitals, or of the pooled model; None where none were recorded."""
        parts = [self.pooled] if self.pooled else list(self.hospitals.values())
        known = [part.train_steps for part in parts if part.train_steps is not None]
        return sum(known) if known else None

    @property
    def bytes_total(self) -> int | None:
        """Bytes both ways, None where neither was recorded."""
        known = [value for value in (self.bytes_down, self.bytes_up) if value is not None]
        return sum(known) if known else None


@dataclass(frozen=True)
class Run:
    """Everything one run's folder says, and what is the matter with it.

    Attributes
    ----------
    run_id : str
        The folder's name, for example ``"run-007"``.
    folder : Path
        Where the files lie.
    status : Status
        Where the run stands; `UNRECORDED` for version 1, which wrote no such file.
    hospitals : dict of str to HospitalData
        By name, in the file's order (the configured order).
    rounds : tuple of Round
        Complete rounds, by number.
    meta : Mapping
        ``model_meta.json`` as it stands (``{}`` until the run has completed).
    problems : tuple of Problem
        What could not be read.
    """

    run_id: str
    folder: Path
    status: Status
    hospitals: Mapping[str, HospitalData]
    rounds: tuple[Round, ...]
    meta: Mapping[str, Any]
    problems: tuple[Problem, ...]

    @property
    def state(self) -> str:
        """One of `STATES`, or `UNRECORDED`."""
        return self.status.state

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The test figures of ``model_meta.json``; ``{}`` where there are none."""
        metrics = self.meta.get("metrics")
        return metrics if isinstance(metrics, Mapping) else {}

    @property
    def synthetic(self) -> bool:
        """Whether any file says that the slices are drawn, not scanned."""
        return (
            self.status.synthetic
            or self.meta.get("synthetic") is True
            or any(hospital.synthetic for hospital in self.hospitals.values())
        )

    @property
    def pooled(self) -> bool:
        """Whether it is no federation: slices left their hospitals for one loader."""
        return self.status.pooled or self.meta.get("pooled") is True

    @property
    def notice(self) -> str | None:
        """What must be known before any figure is believed, in the run's own words."""
        said = self.status.notice or self.meta.get("notice")
        return said if isinstance(said, str) else None

    @property
    def no_shared_model(self) -> str | None:
        """Why there is no model to put in service, in the run's own words; None where there is one."""
        said = self.meta.get("no_shared_model")
        return said if isinstance(said, str) else None

    @property
    def strategy(self) -> str | None:
        """How the server combined the updates, for example ``"fedavg"``; None for version 1."""
        named = self.meta.get("strategy")
        return self.status.strategy or (named if isinstance(named, str) else None)

    @property
    def hospital_names(self) -> tuple[str, ...]:
        """Every hospital that any file names, alphabetically: the order of every chart."""
        names = {*self.hospitals, *self.status.hospitals}
        for round_ in self.rounds:
            names.update(round_.hospitals, round_.asked)
        return tuple(sorted(names))

    @property
    def best_round(self) -> Round | None:
        """The round with the highest validation accuracy (the earliest of equals); None if none was recorded."""
        scored = [round_ for round_ in self.rounds if round_.val_accuracy is not None]
        return max(scored, key=lambda round_: (round_.val_accuracy or 0.0, -round_.number), default=None)
