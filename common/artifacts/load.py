"""The one reader of a run's files: never raises for what a file holds, says in sentences what is missing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from common.artifacts.read_parse import parse_hospitals, parse_rounds, parse_status
from common.artifacts.read_records import Run
from common.artifacts.read_values import Notes, Problem, count, mapping, number, read_json

RUN_NAME = re.compile(r"run-\d{3,9}")
STATUS = "status.json"
STATS = "dataset_stats.json"
HISTORY = "training_history.json"
META = "model_meta.json"
SPLITS = "dataset_splits.json"
CONFIG = "config.yaml"
CARD = "model_card.md"
RUN_FILES = (STATUS, STATS, HISTORY, META)

Stamp = tuple[tuple[str, int, int], ...]


def stamp(*paths: Path) -> Stamp:
    """Return ``(path, mtime in ns, size in bytes)`` of each file, ``(path, 0, -1)`` if it is not there.

    Two equal stamps mean that nothing has to be read again.
    """
    return tuple((str(path), *_stat(path)) for path in paths)


def run_stamp(folder: Path) -> Stamp:
    """Return the stamp of everything `load_run` reads in (and, for version 1, beside) a run's folder."""
    return stamp(*(folder / name for name in RUN_FILES), _service_meta(folder))


def list_runs(output_dir: Path) -> list[str]:
    """Return the names of the runs below a folder, the highest number first.

    Parameters
    ----------
    output_dir : Path
        The parent of ``artifacts/``.

    Returns
    -------
    list of str
        Names such as ``"run-012"``; empty if there is no such folder.
    """
    try:
        with os.scandir(output_dir / "artifacts") as entries:
            found = [entry.name for entry in entries if RUN_NAME.fullmatch(entry.name) and entry.is_dir()]
    except OSError:
        return []
    return sorted(found, key=lambda name: (int(name[4:]), name), reverse=True)


def load_run(folder: Path) -> Run:
    """Read one run's folder, whatever state it is in.

    Parameters
    ----------
    folder : Path
        ``<output_dir>/artifacts/run-###``.

    Returns
    -------
    Run
        With a `Problem` for each thing that is missing, damaged or does not fit.
    """
    problems: list[Problem] = []
    status_notes, stats_notes, history_notes, meta_notes = (Notes(name, problems) for name in RUN_FILES)
    status_raw = read_json(folder / STATUS, status_notes)  # version 1 wrote none
    status = parse_status(status_raw, status_notes)
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
    meta = _load_meta(folder, meta_notes, completed=status.state == "completed")
    rounds = parse_rounds(history_raw, history_notes)
    if not meta and status_raw is None:
        meta = _version_one_meta(folder, [r.val_accuracy for r in rounds if r.val_accuracy is not None], len(rounds))
    hospitals = parse_hospitals(stats_raw, stats_notes)
    return Run(folder.name, folder, status, hospitals, rounds, meta, tuple(problems))


def load_settings(folder: Path) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    """Read the settings a run was started with: ``config.yaml``, else what ``model_meta.json`` keeps of them.

    Returns
    -------
    tuple of (Mapping, tuple of Problem)
        The nested settings (``{}`` if none were recorded) and what could not be read.
    """
    notes = Notes(CONFIG)
    try:
        raw = yaml.load((folder / CONFIG).read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if isinstance(raw, Mapping):
            return raw, ()
        notes.add(f"{CONFIG} does not hold settings; its content was left out.")
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        notes.add(f"{CONFIG} cannot be read ({type(error).__name__}); the settings are not shown.")
    return mapping(mapping(read_json(folder / META, Notes(META))).get("settings")), tuple(notes.problems)


def load_splits(folder: Path) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    """Read ``dataset_splits.json`` as it stands; large (all indices), so only for the page that shows it."""
    notes = Notes(SPLITS)
    raw = read_json(folder / SPLITS, notes, missing=f"{SPLITS} is not there, so the split is not known.")
    return mapping(raw), tuple(notes.problems)


def load_card(folder: Path) -> bytes | None:
    """Read ``model_card.md`` as it stands, UTF-8; None where the run has none or it cannot be read."""
    try:
        return (folder / CARD).read_bytes()
    except OSError:
        return None


def load_service_meta(output_dir: Path) -> tuple[Mapping[str, Any], tuple[Problem, ...]]:
    """Read ``models/model_meta.json``: the model in service; ``{}`` if there is none yet."""
    notes = Notes(f"models/{META}")
    raw = read_json(output_dir / "models" / META, notes)
    if raw is not None and not isinstance(raw, Mapping):
        notes.add(f"models/{META} does not hold an object; it was left out.")
    return mapping(raw), tuple(notes.problems)


def _load_meta(folder: Path, notes: Notes, *, completed: bool) -> Mapping[str, Any]:
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


def _service_meta(folder: Path) -> Path:
    return folder.parent.parent / "models" / META


def _stat(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, -1
    return found.st_mtime_ns, found.st_size
