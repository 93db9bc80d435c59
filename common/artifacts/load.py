"""The reader of a run's files: never raises for what a file holds, says in sentences what is missing.

It asks `common.artifacts.schema` what each field takes. What does not fit is left out; in a list that is the item, in
an object with names the entry, but a name stays where a record is expected and nothing is known of it.
"""

import dataclasses
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
import yaml  # type: ignore[import-untyped]

from common.artifacts.layout import CARD, CONFIG, HISTORY, LOCK, META, PROGRESS, SPLITS, STATS, STATUS
from common.artifacts.schema import STATES, UNRECORDED, HospitalData, Round, Run, Status
from common.artifacts.values import Notes, count, mapping, number, read_json, sequence, text
from common.errors import Problem
from common.files import read_bytes, read_text

RUN_NAME = re.compile(r"run-\d{3,9}")
RUN_FILES = (STATUS, STATS, HISTORY, META)

Stamp = tuple[tuple[str, int, int], ...]
Record = TypeVar("Record")
_NOTHING = object()


def stamp(*paths: Path) -> Stamp:
    """Return ``(path, mtime in ns, size in bytes)`` of each file, ``(path, 0, -1)`` if it is not there.

    Two equal stamps mean that nothing has to be read again.
    """
    return tuple((str(path), *_stat(path)) for path in paths)


def run_stamp(folder: Path) -> Stamp:
    """Return the stamp of everything `load_run` reads in (and, for version 1, beside) a run's folder."""
    return stamp(*(folder / name for name in RUN_FILES), folder.parent.parent / "models" / META)


def last_sign_of_life(folder: Path) -> float | None:
    """Return when the process of a run last said that it lives, seconds since 1970; None if it never did."""
    signs = [_stat(folder / name) for name in (PROGRESS, LOCK)]  # earlier versions touched the lock
    return max((modified / 1e9 for modified, size in signs if size >= 0), default=None)


def list_runs(output_dir: Path) -> list[str]:
    """Return the names of the runs below a folder, the highest number first; none if there is no such folder."""
    try:
        with os.scandir(output_dir / "artifacts") as entries:
            found = [entry.name for entry in entries if RUN_NAME.fullmatch(entry.name) and entry.is_dir()]
    except OSError:
        return []
    return sorted(found, key=lambda name: (int(name[4:]), name), reverse=True)


def load_run(folder: Path) -> Run:
    """Read one run's folder, ``<output_dir>/artifacts/run-###``, whatever state it is in.

    Returns
    -------
    Run
        With a `Problem` for each thing that is missing, damaged or does not fit.
    """
    problems: list[Problem] = []
    status_notes, stats_notes, history_notes, meta_notes = (Notes(name, problems) for name in RUN_FILES)
    status_raw = read_json(folder / STATUS, status_notes)  # version 1 wrote none
    status = _status(status_raw, status_notes)
    early = status.state == "running" and not status.round
    stats_raw = read_json(
        folder / STATS,
        stats_notes,
        missing=None if early else f"{STATS} is not there, so what the hospitals hold is not known.",
    )
    history_raw = read_json(
        folder / HISTORY,
        history_notes,
        missing=None if early else f"{HISTORY} is not there, so no round can be shown.",
    )
    meta = _meta(folder, meta_notes, completed=status.state == "completed")
    rounds = _rounds(history_raw, history_notes)
    if not meta and status_raw is None:
        meta = _version_one_meta(folder, [r.val_accuracy for r in rounds if r.val_accuracy is not None], len(rounds))
    hospitals = _hospitals(stats_raw, stats_notes)
    return Run(folder.name, folder, status, hospitals, rounds, meta, tuple(problems))


def load_hospital_keys(folder: Path) -> dict[str, str]:
    """Read which hospitals a run had, name to key, alphabetically; one that recorded no key has its name for it."""
    raw = mapping(read_json(folder / STATS, Notes(STATS)))
    return {name: text(mapping(raw[name]).get("key")) or name for name in sorted(raw)}


def load_settings(folder: Path) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    """Read the settings a run was started with: ``config.yaml``, else what ``model_meta.json`` keeps of them.

    Returns
    -------
    tuple of (Mapping, tuple of Problem)
        The nested settings (``{}`` if none were recorded) and what could not be read.
    """
    notes = Notes(CONFIG)
    try:
        raw = yaml.load(read_text(folder / CONFIG), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if isinstance(raw, Mapping):
            return raw, ()
        notes.add(f"{CONFIG} does not hold settings; its content was left out.")
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        notes.add(f"{CONFIG} cannot be read ({type(error).__name__}); the settings are not shown.")
    return mapping(mapping(read_json(folder / META, Notes(META))).get("settings")), tuple(notes.problems)


def load_strategy(folder: Path) -> str | None:
    """Read a run's strategy from ``status.json``; None where it is not recorded or cannot be read."""
    return text(mapping(read_json(folder / STATUS, Notes(STATUS))).get("strategy"))


def load_splits(folder: Path) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    """Read ``dataset_splits.json`` as it stands; large (all indices), so only for the page that shows it."""
    notes = Notes(SPLITS)
    raw = read_json(folder / SPLITS, notes, missing=f"{SPLITS} is not there, so the split is not known.")
    return mapping(raw), tuple(notes.problems)


def load_card(folder: Path) -> bytes | None:
    """Read ``model_card.md`` as it stands, UTF-8; None where the run has none or it cannot be read."""
    try:
        return read_bytes(folder / CARD)
    except OSError:
        return None


def load_service_meta(output_dir: Path) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    """Read ``models/model_meta.json``: the model in service; ``{}`` if there is none yet."""
    notes = Notes(f"models/{META}")
    raw = read_json(output_dir / "models" / META, notes)
    if raw is not None and not isinstance(raw, Mapping):
        notes.add(f"models/{META} does not hold an object; it was left out.")
    return mapping(raw), tuple(notes.problems)


def _meta(folder: Path, notes: Notes, *, completed: bool) -> Mapping[str, Any]:
    missing = f"{META} is not there although the run completed, so its test figures are not known."
    raw = read_json(folder / META, notes, missing=missing if completed else None)
    if raw is not None and not isinstance(raw, Mapping):
        notes.add(f"{META} does not hold an object; its content was left out.")
    return mapping(raw)


def _version_one_meta(folder: Path, val_accuracies: list[float], rounds: int) -> Mapping[str, Any]:
    """Return ``models/model_meta.json`` if it can only be this run's: version 1 kept no copy in the run's folder."""
    meta, _ = load_service_meta(folder.parent.parent)
    best = number(mapping(meta.get("metrics")).get("best_val_accuracy"))
    same = best is not None and val_accuracies and abs(max(val_accuracies) - best) < 1e-9
    return meta if same and "run_id" not in meta and count(meta.get("num_epochs")) == rounds else {}


def _status(raw: Any, notes: Notes) -> Status:
    status = read_record(Status, raw, notes)
    if raw is not None and status.state not in STATES:
        notes.add(f"{notes.file} names no known state, so whether the run still goes on is not known.")
        status.state = UNRECORDED
    return status


def _hospitals(raw: Any, notes: Notes) -> dict[str, HospitalData]:
    if raw is not None and not mapping(raw):
        notes.add(f"{notes.file} names no hospital.")
    found: dict[str, HospitalData] = {}
    for name, body in mapping(raw).items():
        if not mapping(body):
            notes.add(f"{notes.file}: the entry of '{name}' is no object and was left out.")
            continue
        found[name] = read_record(HospitalData, body, notes, name, name=name)
        if not found[name].class_counts:
            notes.add(f"{notes.file}: '{name}' has no class counts.")
        if found[name].location is None:
            notes.add(f"{notes.file}: '{name}' has no usable location, so the map leaves it out.")
    return found


def _rounds(raw: Any, notes: Notes) -> tuple[Round, ...]:
    """Return the rounds by number; of two with one number the later counts."""
    if raw is not None and not isinstance(raw, list):
        notes.add(f"{notes.file} does not hold a list of rounds.")
    rounds: dict[int, Round] = {}
    for position, body in enumerate(sequence(raw), start=1):
        if numbered := count(mapping(body).get("epoch")):
            rounds[numbered] = read_record(Round, body, notes, f"round {numbered}", number=numbered)
        else:
            notes.add(f"{notes.file}: entry {position} names no round and was left out.")
    return tuple(rounds[key] for key in sorted(rounds))


def _stat(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, -1
    return found.st_mtime_ns, found.st_size


def read_record(kind: type[Record], body: Any, notes: Notes, where: str = "", **given: Any) -> Record:
    """Read one object; each of its fields is there or has its default.

    Parameters
    ----------
    kind : type
        A record of `common.artifacts.schema`.
    body : object
        As JSON gives it; anything but an object leaves every field at its default.
    notes : Notes
        Get a sentence for each value whose type says what it should have been.
    where : str
        The object's name in such a sentence, for example ``"round 2"``.
    **given
        Fields that are known already; those without a default among them.
    """
    known = mapping(body)
    for name, key, takes in _fields(kind):  # type: ignore[arg-type]
        if name not in given and key in known:
            value = _fit(known[key], takes, notes, where, key)
            if value is not _NOTHING:
                given[name] = value
    return kind(**given)


@cache
def _fields(kind: Any) -> list[tuple[str, str, Any]]:
    """Return each field's name, its key in the file, and what it takes."""
    if dataclasses.is_dataclass(kind):
        return [(name, name, takes) for name, takes in get_type_hints(kind, include_extras=True).items()]
    return [(each.name, each.encode_name, each.type) for each in msgspec.structs.fields(kind)]


def _fit(value: Any, takes: Any, notes: Notes, where: str, key: str) -> Any:
    """Return a value as its field takes it, or `_NOTHING`."""
    origin, inner = get_origin(takes), get_args(takes)
    if origin in (Union, UnionType):  # one type, or nothing
        wanted = next(each for each in inner if each not in (NoneType, msgspec.UnsetType))
        return _NOTHING if value is None else _fit(value, wanted, notes, where, key)
    if _is_record(takes):
        return read_record(takes, value, notes, f"{where}, {key}")
    if origin is dict:
        entries = {name: _fit(each, inner[1], notes, where, name) for name, each in mapping(value).items()}
        return {name: each for name, each in entries.items() if each is not _NOTHING}
    if origin is list or (origin is tuple and inner[1:] == (...,)):
        items = [each for each in sequence(value) if mapping(each) or not _is_record(inner[0])]
        fitting = (_fit(each, inner[0], notes, where, key) for each in items)
        return origin(each for each in fitting if each is not _NOTHING)
    return _leaf(value, takes, notes, f"{where}: {key}")


def _leaf(value: Any, takes: Any, notes: Notes, what: str) -> Any:
    """Return what is taken whole or not at all."""
    whole = [int(value)] if isinstance(value, float) and value.is_integer() else []  # 3.0 counts as 3
    for each in (value, *whole):
        try:
            return msgspec.convert(each, takes)
        except (msgspec.ValidationError, OverflowError):
            continue
    for meta in get_args(takes)[1:] if get_origin(takes) is Annotated else ():
        if value is not None and meta.extra:
            notes.add(f"{notes.file}: {what} is {meta.extra['else']} and was left out.")
    return _NOTHING


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and (issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind))
