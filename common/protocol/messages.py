"""What server and hospitals say to each other, typed, and as the plain records that a message carries.

A record is a mapping: of arrays for a model, of numbers and texts for everything else. Flower is not in sight: both
apps turn records into Flower's and back. What a server reads here
comes from anybody, so reading refuses what cannot be (see `common.protocol.answers`).
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from common.config.dp import DpPlan
from common.errors import InputError, ProjectError
from common.labels import NUM_CLASSES
from common.metrics.calibration import from_counts, to_counts
from common.metrics.evaluation import EvaluateResult, TrainResult
from common.model.weights import Arrays
from common.protocol import names
from common.protocol.answers import (
    MOST_NATS,
    EvaluationNumbers,
    TrainingNumbers,
    evaluation_problem,
    read_spent,
    typed,
)
from common.protocol.cases import read_cases
from common.protocol.codec import unpack
from common.protocol.pairs import read_pairs
from common.protocol.plan import MOST_CHARACTERS, Plan
from common.protocol.postprocess import UnusableAnswer
from common.protocol.signatures import Head
from common.protocol.strict import finite, text, unreadable, whole

Record = Mapping[str, Any]
Records = dict[str, Record]
_TOKEN = re.compile(r"[0-9a-f]{32}")
_MOST_SECURE = 200_000  # characters
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST_HEAD = 10_000  # characters of the ledger's end
_MOST_THREADS = 2**31 - 1  # what a hospital gives is up to its policy
NO_DP = DpPlan()
TRAINING_NUMBERS = ("steps", "loss", "accuracy", "lr", "seconds")  # as `TrainResult` calls them


@dataclass(frozen=True)
class LocalStateRef:
    """Which of the tensors that a hospital keeps go with a model."""

    token: str = ""  # the run's; empty where nothing is kept
    round: int = 0  # whose tensors; 0 for the first ones, which follow from the seed
    retain_round: int = 0  # whose tensors will be asked for later


@dataclass(frozen=True)
class ExtraPayload:
    """What a strategy sends along with the model."""

    local: LocalStateRef = LocalStateRef()
    global_control: Arrays = field(default_factory=dict)  # the mean of all hospitals' control variates


@dataclass(frozen=True)
class Task:
    """What a hospital is asked to do with a model: train it, or with a `split`, evaluate it."""

    plan: Plan
    server_round: int  # from 1
    arrays: Arrays  # the model, as far as it travels; as it comes, it may be less (see `clients.kept_model`)
    threads: int = 0  # 0 leaves PyTorch's choice
    extra: ExtraPayload = ExtraPayload()
    pool: tuple[str, ...] = ()  # train on these hospitals' slices together; in a simulation only
    split: str = ""  # evaluate on "val" or "test"
    temperature: float = 1.0  # of the calibrated confidence of a test
    head: Head | None = None  # the end of the run's ledger; None where no ledger is kept
    secure: str = ""  # what secure aggregation asks with a training, as JSON; see `common.secagg`
    model: str = ""  # digest of the model, where the hospital is to keep it or has it
    reference: Arrays = field(default_factory=dict)  # the model to compare with; the server has it packed
    likeness: Arrays = field(default_factory=dict)  # what distances are measured with; the server has it packed
    base: str = ""  # digest of the model to which the arrays are a difference; empty where they are a whole one


def task_records(task: Task, packed: Record, packed_control: Record) -> Records:
    """Write a task; the model and the control variate come packed, since one goes to several hospitals."""
    config: dict[str, Any] = {
        names.PLAN: task.plan.to_json(),
        names.ROUND: task.server_round,
        names.THREADS: task.threads,
    }
    if task.split:
        config |= {names.SPLIT: task.split, names.TEMPERATURE: task.temperature}
    if task.pool:
        config[names.POOL] = list(task.pool)
    if task.head:
        config[names.LEDGER] = task.head.to_json()
    if task.model:
        config |= {names.MODEL: task.model, names.BASE: task.base}
    local = task.extra.local
    if local.token:
        config |= {names.RUN: local.token, names.LOCAL_ROUND: local.round, names.RETAIN_ROUND: local.retain_round}
    records: Records = {names.ARRAYS: packed, names.CONFIG: config}
    if task.secure:
        records[names.SECAGG] = {names.JSON: task.secure}
    if task.reference:
        records[names.REFERENCE] = task.reference
    if task.likeness:
        records[names.LIKENESS] = task.likeness
    return records | {names.CONTROL: packed_control} if task.extra.global_control else records


def read_plan(records: Records) -> Plan:
    """Read the plan of any of the server's messages, at a hospital; the server is not trusted.

    Raises
    ------
    InputError
        ``PLAN005`` if there is none that can be read; else as `Plan.from_json`.
    """
    return Plan.from_json(text(_config(records), names.PLAN, MOST_CHARACTERS))


def read_task(records: Records, evaluates: bool | None = None) -> Task:
    """Read a task at a hospital; the server is not trusted.

    Parameters
    ----------
    evaluates : bool, optional
        Whether it must be an evaluation, or must be a training.

    Raises
    ------
    InputError
        ``PLAN005`` for what is missing, of another type or out of bounds, ``PLAN006`` for arrays that cannot be read;
        else as `read_plan`.
    """
    plan, config = read_plan(records), _config(records)
    number = whole(config, names.ROUND, 1, plan.rounds)
    token = text(config, names.RUN, 32, "")
    if token and not _TOKEN.fullmatch(token):
        raise unreadable(names.RUN, token, "32 hexadecimal digits")
    splits = {None: ("", "val", "test"), True: ("val", "test"), False: ("",)}[evaluates]
    if plan.evaluates:
        if evaluates is False:
            raise InputError("PLAN003", "The plan is to evaluate a finished model, and the server asks to train one.")
        splits = ("test",)
    if (split := text(config, names.SPLIT, 8, "")) not in splits:
        raise unreadable(names.SPLIT, split, " or ".join(filter(None, splits)) or "nothing")
    digests = [text(config, name, 64, "") for name in (names.MODEL, names.BASE)]
    for name, digest in zip((names.MODEL, names.BASE), digests, strict=True):
        if digest and not (token and _DIGEST.fullmatch(digest)):
            raise unreadable(name, digest, "64 hexadecimal digits, beside a run")
    pool = config.get(names.POOL, ())
    if not isinstance(pool, Sequence) or not all(isinstance(key, str) for key in pool):
        raise unreadable(names.POOL, pool, "a list of hospitals")
    rounds = (whole(config, name, 0, plan.rounds, 0) for name in (names.LOCAL_ROUND, names.RETAIN_ROUND))
    return Task(
        plan=plan,
        server_round=number,
        arrays=_unpacked(records, names.ARRAYS),
        threads=whole(config, names.THREADS, 0, _MOST_THREADS),
        extra=ExtraPayload(LocalStateRef(token, *rounds), _unpacked(records, names.CONTROL)),
        pool=tuple(pool),
        split=split,
        temperature=finite(config, names.TEMPERATURE, 1.0),
        head=Head.from_json(text(config, names.LEDGER, _MOST_HEAD)) if names.LEDGER in config else None,
        secure=text(records.get(names.SECAGG, {}), names.JSON, _MOST_SECURE, ""),
        model=digests[0],
        reference=_unpacked(records, names.REFERENCE),
        likeness=_unpacked(records, names.LIKENESS),
        base=digests[1],
    )


def _config(records: Records) -> Record:
    if not isinstance(config := records.get(names.CONFIG), Mapping):
        raise InputError("PLAN005", "The server sent a message without settings; use the same version.")
    return config


def _unpacked(records: Records, name: str) -> Arrays:
    try:
        return unpack(records.get(name, {}))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        raise InputError("PLAN006", f"The arrays '{name}' that the server sent cannot be read.") from None


def who_record(hospital: str, files_sha256: str = "") -> Record:
    """Say which hospital answers, on which files."""
    return {names.HOSPITAL: hospital, names.FILES: files_sha256}


def refusal_record(error: ProjectError, sentence: str) -> Record:
    """Refuse with a code; the sentence may be another than the error's."""
    return {"code": error.code, "sentence": sentence, "exit-code": error.exit_code}


def training_record(result: TrainResult) -> Record:
    """Write the figures of a training."""
    told = {name: getattr(result, name) for name in TRAINING_NUMBERS}
    return {names.SAMPLES: result.samples, **{name: value for name, value in told.items() if value is not None}}


def spent_record(result: TrainResult) -> Record | None:
    """Write what a training has cost the hospital's patients; None without differential privacy."""
    return {name.replace("_", "-"): value for name, value in vars(result.spent).items()} if result.spent else None


def read_training(records: Records, samples: int, dp: DpPlan = NO_DP) -> TrainResult:
    """Read the figures of a training.

    Parameters
    ----------
    samples : int
        Training slices that the hospital described; its weight in the average may be no other.
    dp : DpPlan
        With differential privacy loss and accuracy are not told, nor taken, and what it has cost is.

    Raises
    ------
    UnusableAnswer
        If a figure is missing or cannot be.
    """
    if names.ARRAYS not in records or names.METRICS not in records:
        raise UnusableAnswer("the answer holds no model")
    found = typed(TrainingNumbers, records[names.METRICS], "its training figures cannot be read")
    if not found.num_examples:
        raise UnusableAnswer("it trained on no slice")
    if found.num_examples != samples:
        said = f"{found.num_examples:,}"
        raise UnusableAnswer(f"it says that it trained on {said} slices, but it described {samples:,}")
    told = {name: getattr(found, name) for name in TRAINING_NUMBERS}
    if dp.is_used:
        spent = read_spent(records.get(names.SPENT), dp)
        return TrainResult(samples=samples, **{**told, "loss": None, "accuracy": None}, spent=spent)
    if found.loss is None or found.accuracy is None:
        raise UnusableAnswer("its training figures cannot be read: its loss or its accuracy is missing")
    if not (math.isfinite(found.loss) and math.isfinite(found.accuracy)):
        raise UnusableAnswer("its training loss is not finite; a lower train.lr may help")
    if not 0 <= found.loss <= MOST_NATS:
        raise UnusableAnswer("its training loss is no loss, or so large that a lower train.lr may help")
    if not 0 <= found.accuracy <= 1:
        raise UnusableAnswer("its training accuracy is not between 0 and 1")
    return TrainResult(samples=samples, **told)


def evaluation_record(result: EvaluateResult) -> Record:
    """Write an evaluation; a test's thousand draws are 16,000 small whole numbers."""
    return {
        names.SAMPLES: result.samples,
        "loss-sum": result.loss_sum,
        "confusion": result.confusion.ravel().tolist(),
        "bins": to_counts(result.bins),
        "seconds": result.seconds,
        "nll": result.nll.tolist(),
        "calibrated-bins": to_counts(result.calibrated_bins),
        "replicates": result.replicates.ravel().tolist(),
        "groups": result.groups,
    }


def read_evaluation(
    records: Records,
    replicates: int = 0,
    held: Sequence[int] | None = None,
    patients: int | None = None,
    compared: bool = False,
) -> EvaluateResult:
    """Read an evaluation.

    Parameters
    ----------
    replicates : int
        How many draws of the bootstrap it must hold.
    held : sequence of int or None
        Slices of each class that the hospital described for this split; None takes the evaluation's own word.
    patients : int or None
        How many patients it described for this split; None takes the evaluation's own word.
    compared : bool
        Whether it must hold a comparison with another model.

    Raises
    ------
    UnusableAnswer
        If a number is missing, or they do not fit each other or what was described.
    """
    unreadable = "its evaluation figures cannot be read"
    found = typed(EvaluationNumbers, records.get(names.METRICS), unreadable)
    try:
        result = _evaluation(found, replicates)
    except ValueError:
        raise UnusableAnswer(unreadable) from None
    if problem := evaluation_problem(result, held):
        raise UnusableAnswer(problem)
    cases = read_cases(records[names.CASES], result.confusion, patients) if names.CASES in records else None
    if compared:
        if cases is None or names.PAIRED not in records:
            raise UnusableAnswer("the answer does not compare the two models")
        cases = replace(cases, paired=read_pairs(records[names.PAIRED], result.confusion, cases.patient_confusion))
    return replace(result, cases=cases)


def _evaluation(found: EvaluationNumbers, replicates: int) -> EvaluateResult:
    square = (NUM_CLASSES, NUM_CLASSES)
    return EvaluateResult(
        samples=found.num_examples,
        loss_sum=found.loss_sum,
        confusion=np.asarray(found.confusion, dtype=np.int64).reshape(square),
        bins=from_counts(found.bins),
        seconds=found.seconds,
        nll=np.asarray(found.nll, dtype=np.float64),
        calibrated_bins=from_counts(found.calibrated_bins),
        replicates=np.asarray(found.replicates, dtype=np.int64).reshape(replicates, *square),
        groups=found.groups,
    )
