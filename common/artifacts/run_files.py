"""What a run writes while it goes on: its status, what the hospitals hold, their splits, and the rounds.

Every figure that follows from others (a mean, an accuracy, an interval) is worked out here, when it is written.
"""

import platform
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from common.artifacts.schema import (
    CrossHospitalDuplicates,
    HospitalData,
    HospitalRound,
    PatientNumbers,
    Round,
    Status,
    to_json,
)
from common.environment import environment, packages
from common.files import json_file, write_bytes
from common.metrics import calibration, confusion, fairness, intervals
from common.metrics.evaluation import EvaluateResult
from common.overlap.matches import CrossDuplicates
from common.protocol.description import Description
from common.protocol.plan import Plan

_SPLITS = ("train_idx", "val_idx", "test_idx")


def now() -> str:
    """Return the local time as ISO 8601 with zone, to the second."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Return the versions that the figures depend on."""

    def of(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "not installed"

    packages = {"project": "brain-tumour-federation", "flwr": "flwr", "torch": "torch", "torchvision": "torchvision"}
    return {name: of(package) for name, package in packages.items()} | {"python": platform.python_version()}


def new_status(**known: Any) -> Status:
    """Return the state of a run that begins now; `known` are further fields of it."""
    at = now()
    start = {"state": "running", "started_at": at, "updated_at": at, "round": 0, "phase": "describe"}
    found = {"versions": versions(), "environment": environment(), "packages": packages()}
    return Status(**{**start, **found, **known})


def write_status(path: Path, status: Status) -> None:
    """Write the state as it is now."""
    write_bytes(path, status_file(status))


def status_file(status: Status) -> bytes:
    """Return the content of ``status.json`` as it is now."""
    status.updated_at = now()
    return json_file(to_json(status))


def stats_json(
    descriptions: Sequence[Description], plan: Plan, duplicates: CrossDuplicates | None = None
) -> dict[str, Any]:
    """Return ``dataset_stats.json``: one object a hospital, by name.

    Parameters
    ----------
    descriptions : sequence of Description
        In configured order.
    duplicates : CrossDuplicates, optional
        What the hospitals hold of each other's slices; without it nothing is said of that.
    """
    return {d.name: to_json(_held(d, plan, duplicates)) for d in descriptions}


def _held(d: Description, plan: Plan, duplicates: CrossDuplicates | None) -> HospitalData:
    """Return what a hospital holds; its audit's numbers go by the file's keys."""
    keys = {field.encode_name: field.name for field in msgspec.structs.fields(HospitalData)}
    numbers: dict[str, Any] = {keys[key]: value for key, value in d.numbers.items() if key in keys}
    shared = msgspec.convert(duplicates.to_json(d.name), CrossHospitalDuplicates) if duplicates else msgspec.UNSET
    return HospitalData(
        name=d.name,
        dataset_id=d.dataset_id,
        location=d.location,  # type: ignore[arg-type]
        specialty=d.specialty,
        key=d.key,
        split_counts={str(part): counts for part, counts in d.split_counts.items()},
        grouped_split=plan.data.group_split,
        groups_across_splits=d.groups_across_splits,
        cross_hospital_duplicates=shared,
        patients=msgspec.convert(d.patients, PatientNumbers) if d.patients else None,
        gap=msgspec.UNSET if d.gap_count is None else d.gap_count,
        **numbers,
    )


def splits_json(descriptions: Sequence[Description], plan: Plan) -> dict[str, Any]:
    """Return ``dataset_splits.json``: indices that count through the hospitals in order, and each hospital's own."""
    content: dict[str, Any] = {name: [] for name in _SPLITS}
    hospitals: dict[str, Any] = {}
    folded = {"folds": plan.data.folds, "fold": plan.data.fold} if plan.data.folds else {}
    offset = 0
    for d in descriptions:
        for name in _SPLITS:
            content[name] += [offset + index for index in getattr(d, name)]
        hospitals[d.name] = {
            "offset": offset,
            "file_count": d.file_count,
            "files_sha256": d.files_sha256,
            **{name: getattr(d, name) for name in _SPLITS},
            "patients": d.patients,
            **({"gap": d.gap_count or 0} if folded else {}),
        }
        offset += d.file_count
    return content | {
        "split_date": now(),
        "seed": plan.seed,
        "val_fraction": plan.data.val_fraction,
        "test_fraction": plan.data.test_fraction,
        "grouped": plan.data.group_split,
        **folded,
        "hospitals": hospitals,
    }


def enter_validation(part: HospitalRound, result: EvaluateResult) -> None:
    """Enter how the new global model does on a hospital's validation slices."""
    part.val_loss = result.loss_sum / max(result.samples, 1)
    part.val_samples, part.val_seconds = result.samples, result.seconds
    _enter_figures(part, result.confusion)


def enter_totals(record: Round, sums: Iterable[calibration.Sums]) -> None:
    """Enter what follows from the hospitals' parts: sums, means over slices, how evenly and how surely.

    Parameters
    ----------
    record : Round
        With every hospital's part.
    sums : iterable of ndarray of float64, each of shape [129]
        Each hospital's sums of losses, of which the temperature is chosen; see `common.metrics.calibration`.
    """
    parts = list(record.hospitals.values())
    confusions = {
        name: np.asarray(part.val_confusion_matrix, dtype=np.int64)
        for name, part in record.hospitals.items()
        if part.val_confusion_matrix is not None
    }
    trained = [*parts, record.pooled] if record.pooled else parts
    record.train_loss = _mean(trained, "train_loss", "train_samples")
    record.train_accuracy = _mean(trained, "train_accuracy", "train_samples")
    record.val_loss = _mean(parts, "val_loss", "val_samples") if confusions else None
    if confusions:
        counts = confusion.add_confusions(confusions.values())
        _enter_figures(record, counts)
        record.val_samples = int(counts.sum())
        spread = fairness.fairness(confusions)
        record.fairness = spread.to_json() if spread else None
        record.temperature = calibration.best_temperature(calibration.add_sums(sums))
    record.bytes_down = sum(part.bytes_down or 0 for part in parts)
    record.bytes_up = sum(part.bytes_up or 0 for part in parts)


def _enter_figures(record: HospitalRound | Round, counts: confusion.Confusion) -> None:
    found = confusion.figures(counts)
    record.val_accuracy = found.accuracy
    record.val_interval = intervals.accuracy_interval(counts)  # type: ignore[assignment]
    record.val_macro_f1, record.val_macro_classes = found.macro_f1, found.macro_classes
    record.val_confusion_matrix = counts.tolist()


def _mean(parts: Sequence[HospitalRound], value: str, weight: str) -> float | None:
    """Return a mean over slices; 0 where there is none, None where it is not told."""
    counted = [part for part in parts if getattr(part, weight)]
    known = [part for part in counted if getattr(part, value) is not None]
    if counted and not known:
        return None
    total = sum(getattr(part, weight) for part in known)
    return sum(getattr(part, value) * getattr(part, weight) for part in known) / total if total else 0.0
