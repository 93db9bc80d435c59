"""The files of a run: one record for each of their objects, which the writer fills and the reader returns.

A new field is one line here, and whoever fills and shows it: `to_json` writes it, `common.artifacts.load` reads it.
Every field may be missing, since version 1 wrote fewer; a type says what is taken for a value, and what does not fit is
left out. ``model_meta.json`` is read as it stands.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field, to_builtins

from common.data.identity.patients import Source
from common.errors import Problem
from common.labels import NUM_CLASSES
from common.overlap.matches import Shared, SharedWith

STATES = ("running", "completed", "failed", "interrupted")
UNRECORDED = "unrecorded"

Text = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=0)]
Number = Annotated[float, Meta(ge=-sys.float_info.max, le=sys.float_info.max)]  # neither NaN nor infinite
Fraction = Annotated[float, Meta(ge=0.0, le=1.0, extra={"else": "no fraction between 0 and 1"})]
Epsilon = Annotated[float, Meta(ge=0.0, le=sys.float_info.max, extra={"else": "no epsilon"})]
Cosine = Annotated[float, Meta(ge=-1.0, le=1.0)]
Interval = tuple[Number, Number]
Matrix = Annotated[
    tuple[Annotated[tuple[Count, ...], Meta(min_length=NUM_CLASSES, max_length=NUM_CLASSES)], ...],
    Meta(min_length=NUM_CLASSES, max_length=NUM_CLASSES),
]
Location = tuple[Annotated[float, Meta(ge=-90.0, le=90.0)], Annotated[float, Meta(ge=-180.0, le=180.0)]]


class Status(Struct):
    """``status.json``: what a run is doing, for a reader who comes by; times are ISO 8601 with a zone."""

    run_id: Text | None = None
    state: Text = UNRECORDED  # one of `STATES`; version 1 wrote no such file
    rounds: Count | None = None
    strategy: Text | None = None
    engine: Text | None = None
    hospitals: tuple[str, ...] = ()  # in configured order
    log: Text | None = None  # path below the output folder
    started_at: Text | None = None
    updated_at: Text | None = None
    ended_at: Text | None = None
    round: Count | None = None  # the last complete one
    phase: Text | None = None  # describe, train, evaluate, test or done
    synthetic: bool = False
    pooled: bool = False  # slices left their hospitals' folders for one loader
    notice: Text | None = None  # what must be known before any figure is believed, in a sentence
    missing_hospitals: tuple[str, ...] = ()  # they missed at least one round: the model was made without them there
    reason: Text | None = None  # why the run failed or stopped, in a sentence
    resume_command: Text | None = None
    versions: dict[str, Text] = {}
    environment: dict[str, Text] = {}  # platform, Python, commit; see `common.environment`
    packages: dict[str, Text] = {}  # installed, by name
    ledger: Text | None = None  # SHA-256 of the first line of ``ledger.jsonl``
    earlier_seconds: Number | None = None  # that processes before the one of `started_at` worked on the run


class Finding(Struct, frozen=True):
    """One finding of a hospital's audit, without file names."""

    code: Text = "–"
    severity: Literal["error", "warning", "info"] = "info"
    title: Text = "Finding without a title"
    sentence: Text = ""
    count: Count = 0


class CrossHospitalDuplicates(Struct, frozen=True, omit_defaults=True):
    """What a hospital shares with others, or why it was not compared with them."""

    compared: bool | None = None
    reason: Text | None = None
    slices: Count | None = None
    test_slices_trained_elsewhere: Count | None = None
    patients: Count | None = None
    test_patients_trained_elsewhere: Count | None = None
    with_each: dict[str, SharedWith] | None = field(default=None, name="with")


class PatientNumbers(Struct, frozen=True):
    """How many patients stand behind each part of the split, and what says so."""

    train: Count | None = None
    val: Count | None = None
    test: Count | None = None
    source: Source = "guessed"


class HospitalData(Struct, frozen=True):
    """``dataset_stats.json``, one hospital: what it holds. The file keeps it under its `name`."""

    name: str
    total: Count | None = field(default=None, name="total_samples")
    dataset_id: Text | None = None
    location: Location | None = None  # latitude and longitude, degrees
    specialty: Text | None = None
    class_counts: dict[str, Count] = field(default_factory=dict, name="class_distribution")
    unmatched_folders: tuple[str, ...] = ()
    files_found: Count | None = None
    unusable_files: Count | None = None
    missing_classes: tuple[str, ...] = ()
    synthetic: bool = False
    group_count: Count | None = None
    audit: tuple[Finding, ...] = ()
    key: Text | None = None
    split_counts: dict[str, dict[str, Count]] = {}  # train, val, test: class to slices
    grouped_split: bool | None = None
    groups_across_splits: Count | None = None
    cross_hospital_duplicates: CrossHospitalDuplicates | UnsetType = UNSET
    patients: PatientNumbers | None = None
    gap: Count | UnsetType = UNSET  # usable slices in no part of a split into folds

    @property
    def used(self) -> int | None:
        """Slices that train, validate or test; None where no split was recorded. It may hold more."""
        return sum(sum(part.values()) for part in self.split_counts.values()) if self.split_counts else None

    @property
    def shared(self) -> Shared | None:
        """Which slices other hospitals hold too; None where that is not known."""
        found = self.cross_hospital_duplicates
        if not found or not found.compared:
            return None
        return Shared(
            found.slices or 0,
            found.test_slices_trained_elsewhere or 0,
            found.with_each or {},
            found.patients or 0,
            found.test_patients_trained_elsewhere or 0,
        )

    @property
    def not_compared(self) -> str | None:
        """Why the hospital was not compared with others; None where it was, or where no run recorded that."""
        found = self.cross_hospital_duplicates
        return found.reason if found and not found.compared else None


class Failure(Struct, frozen=True):
    """A hospital that did not do its part."""

    hospital: Text = "–"
    phase: Text = "–"  # describe, train, evaluate or test
    reason: Text = "–"  # one clause


class HospitalRound(Struct, omit_defaults=True):
    """One hospital's part of one round; keys are absent where it did not answer."""

    train_loss: Number | None = None  # means over the slices while training; not told with differential privacy
    train_accuracy: Fraction | None = None
    train_samples: Count | None = None
    train_steps: Count | None = None
    train_seconds: Number | None = None
    noise_multiplier: Number | None = None  # as in `RunPrivacy`; this and the epsilons only with differential privacy
    epsilon: Epsilon | None = None  # that the run has cost its patients after this round, against the centre
    epsilon_one_colluding: Epsilon | None = None  # against the centre with one other hospital
    epsilon_all_but_one: Epsilon | None = None  # against the centre with all other hospitals
    update_norm: Number | None = None  # how far its weights went, before anything was clipped
    update_kept: Fraction | None = None  # of that length in the model; 1 where nothing was clipped
    update_distance: Number | None = None  # to the mean of the round's updates, each hospital counting once
    update_cosine: Cosine | None = None  # of the angle to the mean of the others' updates
    val_loss: Number | None = None  # of the new global model on the hospital's validation slices
    val_samples: Count | None = None
    val_seconds: Number | None = None
    bytes_down: Count | None = None  # payload to the hospital
    bytes_up: Count | None = None
    val_accuracy: Fraction | None = None
    val_interval: Interval | UnsetType | None = UNSET  # 95 %; null without a validation slice
    val_macro_f1: Fraction | None = None
    val_macro_classes: list[str] | None = None
    val_confusion_matrix: Matrix | None = None


class Round(Struct):
    """One object of ``training_history.json``; figures over all hospitals, each slice counting once."""

    number: Count = field(name="epoch")  # from 1
    train_loss: Number | None = None
    train_accuracy: Fraction | None = None
    val_loss: Number | None = None
    val_accuracy: Fraction | None = None
    val_interval: Interval | None = None
    val_samples: Count | None = None
    val_macro_f1: Fraction | None = None
    val_macro_classes: list[str] = []
    val_confusion_matrix: Matrix | None = None
    fairness: dict[str, Any] | None = None  # see `common.metrics.fairness`; null below two hospitals
    temperature: Number | None = None  # fits the new model best over all hospitals
    started_at: Text | None = None
    seconds: Number | None = None  # wall time of the whole round
    lr: Number | None = None  # at the round's last step; of hospitals whose steps differ in number, the lowest
    image_size: Count | None = None  # side of the slices, pixels
    asked: list[str] = []  # to train
    replied: list[str] = []  # those whose update went into the model
    failed: list[Failure] = []
    stopped: list[str] = []  # their privacy budget is spent, in this round or before: they evaluate, and train no more
    bytes_down: Count | None = None
    bytes_up: Count | None = None
    hospitals: dict[str, HospitalRound] = {}  # in configured order
    pooled: HospitalRound | None = None  # the training of one loader over all hospitals' slices: none was asked to

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

    @property
    def validated(self) -> list[str]:
        """Names of the hospitals that evaluated the new model."""
        return [name for name, part in self.hospitals.items() if part.val_confusion_matrix is not None]


class Caution(Struct, frozen=True):
    """One of the ``warnings`` of ``model_meta.json``: a reason for doubt, at which hospital, and what to do."""

    code: str  # stable, such as "EVAL001"
    sentence: str


class ModelMeta(Struct):
    """``model_meta.json``: the finished model's figures, in version 1's keys with the hospitals' own beside them."""

    trained_at: str
    num_classes: int
    num_epochs: int  # rounds
    best_epoch: int
    device: str
    datasets: Mapping[str, Any]  # the content of ``dataset_stats.json``
    total_samples: int
    train_samples: int
    val_samples: int
    test_samples: int
    metrics: dict[str, Any]  # see `common.artifacts.meta_metrics`
    metrics_of: dict[str, Any] | None  # the run that measured them, where no slice was left to test this model on
    temperature: float | None  # applied; null where none is
    temperature_choice: dict[str, Any] | None  # see `common.metrics.calibration`; null where it is not recorded
    familiarity: dict[str, Any]  # see `common.metrics.familiar`
    warnings: list[Caution]
    run_id: str
    strategy: str
    engine: str
    seed: int
    image_size: int
    precision: str
    classes: list[str]
    sha256: str | None  # of ``global_model.pth``; null where the hospitals share no model
    synthetic: bool
    missing_hospitals: list[str]  # they missed at least one round, or the test
    split: dict[str, Any]
    versions: Mapping[str, str]
    ledger: str | None  # SHA-256 of the first line of ``ledger.jsonl``
    init: dict[str, Any] | None  # see `common.artifacts.external.lineage`; null where the seed made the first model
    cross_matrix: dict[str, Any] | None  # see `common.artifacts.external.yardsticks`; null where it was not asked for
    fine_tuned: dict[str, Any] | None
    settings: Mapping[str, Any]
    pooled: bool
    model_tested: str
    notice: str | None
    no_shared_model: str | None
    personal_models: dict[str, Any] | None  # folder below each hospital's cache folder; name to the round of its model
    privacy: dict[str, Any]  # see `common.artifacts.privacy.guarantee`


def to_json(record: Struct) -> dict[str, Any]:
    """Return a record as its file keeps it."""
    content: dict[str, Any] = to_builtins(record, enc_hook=lambda number: number.item())  # NumPy's
    if isinstance(record, HospitalData):
        del content["name"]
    if isinstance(record, Round):
        trained = content.pop("pooled")
        if trained is not None:
            content["pooled"] = {"hospitals": list(record.hospitals), **trained}
    return content


@dataclass(frozen=True)
class Run:
    """Everything one run's folder says, and what is the matter with it."""

    run_id: str
    folder: Path
    status: Status
    hospitals: Mapping[str, HospitalData]
    """By name, in the file's order (the configured order)."""
    rounds: tuple[Round, ...]
    """Complete rounds, by number."""
    meta: Mapping[str, Any]
    """``model_meta.json`` as it stands; ``{}`` until the run has completed."""
    problems: tuple[Problem, ...]
    """What could not be read."""

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
    def own_metrics(self) -> Mapping[str, Any]:
        """The figures of a test of this model; ``{}`` where there are none, or where they are another run's."""
        return {} if self.measured_with else self.metrics

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
        return self.status.notice or self._said("notice")

    @property
    def measured_with(self) -> str | None:
        """The run whose test its figures are, where it trained on every slice; None where they are its own."""
        found = self.meta.get("metrics_of")
        run = found.get("run") if isinstance(found, Mapping) else None
        return run if isinstance(run, str) else None

    @property
    def no_shared_model(self) -> str | None:
        """Why there is no model to put in service, in the run's own words; None where there is one."""
        return self._said("no_shared_model")

    @property
    def strategy(self) -> str | None:
        """How the server combined the updates, for example ``"fedavg"``; None for version 1."""
        return self.status.strategy or self._said("strategy")

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

    def _said(self, key: str) -> str | None:
        said = self.meta.get(key)
        return said if isinstance(said, str) else None
