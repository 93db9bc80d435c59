"""From the JSON of a run's files to typed records; what does not fit is left out, with a sentence."""

from __future__ import annotations

from typing import Any

from common.artifacts.read_records import (
    STATES,
    UNRECORDED,
    Failure,
    Finding,
    HospitalData,
    HospitalRound,
    Round,
    Status,
)
from common.artifacts.read_values import (
    Notes,
    count,
    counts,
    fraction,
    mapping,
    matrix,
    number,
    sequence,
    text,
    texts,
)
from common.labels import NUM_CLASSES
from common.overlap.matches import Shared, SharedWith

_FRACTIONS = ("train_accuracy", "val_accuracy", "val_macro_f1")
_NUMBERS = ("train_loss", "val_loss")


def parse_status(raw: Any, notes: Notes) -> Status:
    """Read ``status.json``; None (no such file) gives the state `UNRECORDED`."""
    if raw is None:
        return Status()
    body = mapping(raw)
    state = text(body.get("state"))
    if state not in STATES:
        notes.add(f"{notes.file} names no known state, so whether the run still goes on is not known.")
        state = UNRECORDED
    versions = {str(name): text(value) for name, value in mapping(body.get("versions")).items()}
    names = (
        *("started_at", "updated_at", "ended_at", "phase", "strategy", "engine", "reason", "log", "resume_command"),
        "notice",
    )
    return Status(
        state=state or UNRECORDED,
        round=count(body.get("round")),
        rounds=count(body.get("rounds")),
        hospitals=texts(body.get("hospitals")),
        synthetic=body.get("synthetic") is True,
        pooled=body.get("pooled") is True,
        missing_hospitals=texts(body.get("missing_hospitals")),
        versions={name: value for name, value in versions.items() if value},
        **{name: text(body.get(name)) for name in names},
    )


def parse_hospitals(raw: Any, notes: Notes) -> dict[str, HospitalData]:
    """Read ``dataset_stats.json``: one record per hospital, in the file's order."""
    if raw is not None and not mapping(raw):
        notes.add(f"{notes.file} names no hospital.")
    found: dict[str, HospitalData] = {}
    for name, body in mapping(raw).items():
        if mapping(body):
            found[str(name)] = _hospital(str(name), mapping(body), notes)
        else:
            notes.add(f"{notes.file}: the entry of '{name}' is no object and was left out.")
    return found


def parse_rounds(raw: Any, notes: Notes) -> tuple[Round, ...]:
    """Read ``training_history.json``: one record per round, by number; of two with one number the later counts."""
    if raw is not None and not isinstance(raw, list):
        notes.add(f"{notes.file} does not hold a list of rounds.")
    rounds: dict[int, Round] = {}
    for position, body in enumerate(sequence(raw), start=1):
        numbered = count(mapping(body).get("epoch"))
        if not numbered:
            notes.add(f"{notes.file}: entry {position} names no round and was left out.")
        else:
            rounds[numbered] = _round(numbered, mapping(body), notes)
    return tuple(rounds[key] for key in sorted(rounds))


def _hospital(name: str, body: Any, notes: Notes) -> HospitalData:
    split = {part: counts(body_) for part, body_ in mapping(body.get("split_counts")).items()}
    grouped = body.get("grouped_split")
    if not counts(body.get("class_distribution")):
        notes.add(f"{notes.file}: '{name}' has no class counts.")
    return HospitalData(
        name=name,
        key=text(body.get("key")),
        dataset_id=text(body.get("dataset_id")),
        specialty=text(body.get("specialty")),
        location=_location(name, body.get("location"), notes),
        total=count(body.get("total_samples")),
        class_counts=counts(body.get("class_distribution")),
        split_counts=split,
        files_found=count(body.get("files_found")),
        unusable_files=count(body.get("unusable_files")),
        unmatched_folders=texts(body.get("unmatched_folders")),
        missing_classes=texts(body.get("missing_classes")),
        synthetic=body.get("synthetic") is True,
        group_count=count(body.get("group_count")),
        grouped_split=grouped if isinstance(grouped, bool) else None,
        groups_across_splits=count(body.get("groups_across_splits")),
        audit=tuple(_finding(mapping(item)) for item in sequence(body.get("audit")) if mapping(item)),
        **_between_hospitals(mapping(body.get("cross_hospital_duplicates"))),
    )


def _between_hospitals(body: Any) -> dict[str, Any]:
    """Read what a hospital shares with others, or why it was not compared; neither is there in older runs."""
    if body.get("compared") is not True:
        return {"not_compared": text(body.get("reason")) if body else None}
    each = {str(name): mapping(part) for name, part in mapping(body.get("with")).items()}
    parts = ("pairs", "slices", "test_slices_trained_there")
    with_each = {name: SharedWith(*(count(part.get(key)) or 0 for key in parts)) for name, part in each.items()}
    leaks = count(body.get("test_slices_trained_elsewhere")) or 0
    return {"shared": Shared(count(body.get("slices")) or 0, leaks, with_each)}


def _location(name: str, raw: Any, notes: Notes) -> tuple[float, float] | None:
    parts = [number(part) for part in sequence(raw)]
    if len(parts) == 2 and parts[0] is not None and parts[1] is not None:
        latitude, longitude = parts[0], parts[1]
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            return latitude, longitude
    notes.add(f"{notes.file}: '{name}' has no usable location, so the map leaves it out.")
    return None


def _finding(body: Any) -> Finding:
    severity = text(body.get("severity")) or "info"
    return Finding(
        code=text(body.get("code")) or "–",
        severity=severity if severity in ("error", "warning", "info") else "info",
        title=text(body.get("title")) or "Finding without a title",
        sentence=text(body.get("sentence")) or "",
        count=count(body.get("count")) or 0,
    )


def _round(numbered: int, body: Any, notes: Notes) -> Round:
    failures = tuple(
        Failure(text(item.get("hospital")) or "–", text(item.get("phase")) or "–", text(item.get("reason")) or "–")
        for item in (mapping(entry) for entry in sequence(body.get("failed")))
        if item
    )
    pooled = mapping(body.get("pooled"))
    return Round(
        number=numbered,
        val_confusion_matrix=matrix(body.get("val_confusion_matrix"), NUM_CLASSES),
        started_at=text(body.get("started_at")),
        seconds=number(body.get("seconds")),
        lr=number(body.get("lr")),
        asked=texts(body.get("asked")),
        replied=texts(body.get("replied")),
        failed=failures,
        bytes_down=count(body.get("bytes_down")),
        bytes_up=count(body.get("bytes_up")),
        hospitals={
            str(name): _hospital_round(mapping(part), notes, f"round {numbered}, {name}:")
            for name, part in mapping(body.get("hospitals")).items()
        },
        pooled=_hospital_round(pooled, notes, f"round {numbered}, pooled:") if pooled else None,
        **_figures(body, notes, f"round {numbered}:"),
    )


def _hospital_round(body: Any, notes: Notes, where: str) -> HospitalRound:
    whole = ("train_samples", "train_steps", "val_samples", "bytes_down", "bytes_up")
    return HospitalRound(
        train_seconds=number(body.get("train_seconds")),
        val_seconds=number(body.get("val_seconds")),
        val_confusion_matrix=matrix(body.get("val_confusion_matrix"), NUM_CLASSES),
        **{name: count(body.get(name)) for name in whole},
        **_figures(body, notes, where),
    )


def _figures(body: Any, notes: Notes, where: str) -> dict[str, Any]:
    fractions = {name: fraction(body.get(name), notes, f"{where} {name}") for name in _FRACTIONS}
    return {**fractions, **{name: number(body.get(name)) for name in _NUMBERS}}
