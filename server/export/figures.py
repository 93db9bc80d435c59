"""A run as others' tools take it: plain numbers by round and hospital, settings and labels as text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.artifacts.load import load_settings
from common.artifacts.schema import HospitalRound, Round, Run
from common.artifacts.values import mapping, number
from common.config.overrides import flat, written
from common.labels import SYNTHETIC
from server.export.subject import ExportedRun

ALL = "all hospitals"
UNITS: dict[str, str] = {
    "train_loss": "nats",
    "train_accuracy": "fraction",
    "train_samples": "slices",
    "train_steps": "steps",
    "train_seconds": "s",
    "val_loss": "nats",
    "val_accuracy": "fraction",
    "val_accuracy_low": "fraction",  # the ends of its 95 % interval
    "val_accuracy_high": "fraction",
    "val_samples": "slices",
    "val_macro_f1": "fraction",
    "val_seconds": "s",
    "temperature": "no unit",
    "seconds": "s",
    "lr": "no unit",
    "image_size": "pixels",
    "noise_multiplier": "no unit",
    "epsilon": "no unit",
    "epsilon_one_colluding": "no unit",
    "epsilon_all_but_one": "no unit",
    "update_norm": "no unit",
    "update_kept": "fraction",
    "update_distance": "no unit",
    "update_cosine": "no unit",
    "bytes_down": "bytes",
    "bytes_up": "bytes",
}
"""Each number that a round may hold, over all hospitals or at one, and what it counts."""

_PLACES = ("output_dir", "data.root", "data.cache_dir")  # of the centre's own disk


@dataclass(frozen=True)
class Point:
    """What a round says of a hospital, or of all of them."""

    round: int
    at: float
    """When the round ended, seconds since 1970; 0 where that was not recorded."""
    hospital: str
    """Its name, or `ALL`."""
    figures: Mapping[str, float]
    """By name, one of `UNITS`; only what was recorded."""


def points_of(run: Run) -> Iterator[Point]:
    """Yield the rounds in order, each over all hospitals and then at each."""
    for each in run.rounds:
        at = seconds_since_1970(each.started_at) + (each.seconds or 0.0)
        yield Point(each.number, at, ALL, _figures(each))
        for name, part in each.hospitals.items():
            yield Point(each.number, at, name, _figures(part))


def _figures(part: Round | HospitalRound) -> dict[str, float]:
    ends = part.val_interval or (None, None)
    values = {name: getattr(part, name, None) for name in UNITS}
    values |= {"val_accuracy_low": ends[0], "val_accuracy_high": ends[1]}
    return {name: float(value) for name, value in values.items() if value is not None}


def final_figures(run: Run) -> dict[str, dict[str, float]]:
    """Return the figures of the final test by hospital, `ALL` first; lists such as confusion matrices are left out."""
    metrics = dict(run.metrics)
    apart = mapping(metrics.pop("per_hospital", None))
    return {ALL: numbers(metrics)} | {str(name): numbers(body) for name, body in apart.items()}


def numbers(value: Any, name: str = "") -> dict[str, float]:
    """Return every number of a nested object under its path, ``"calibration/ece"``; an interval is two of them."""
    if isinstance(value, list | tuple) and len(value) == 2 and "interval" in name:
        value = dict(zip(("low", "high"), value, strict=True))
    if isinstance(value, Mapping):
        inside = (numbers(item, f"{name}/{key}".lstrip("/")) for key, item in value.items())
        return {path: found for part in inside for path, found in part.items()}
    found = number(value)
    return {} if found is None else {name: found}


def params_of(exported: ExportedRun) -> dict[str, str]:
    """Return the run's settings under dotted names; places on the centre's disk are nobody else's business."""
    settings, _ = load_settings(exported.folder.path)
    return {name: written(value) for name, value in flat(settings).items() if name not in _PLACES}


def tags_of(exported: ExportedRun) -> dict[str, str]:
    """Return what tells runs apart, and what must be known before any figure is believed."""
    run, cell = exported.run, exported.cell
    known = {
        "run": run.run_id,
        "synthetic": str(run.synthetic).lower(),
        "strategy": run.strategy,
        "seed": run.meta.get("seed"),
        "best_round": run.meta.get("best_epoch"),
        "weights_sha256": run.meta.get("sha256"),
        "ledger": run.meta.get("ledger"),
        "metrics_of": run.measured_with,
        "started_at": run.status.started_at,
        "without": cell.without if cell else None,
        "notice": " ".join(part for part in (SYNTHETIC if run.synthetic else None, run.notice) if part),
    }
    return {name: str(value) for name, value in known.items() if value not in (None, "")}


def seconds_since_1970(moment: str | None) -> float:
    """Return a recorded time, ISO 8601; 0 where there is none or it is no time."""
    try:
        return datetime.fromisoformat(moment or "").timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
