"""The model in service: the three files under ``models/``, put there together and read only together.

Three files cannot be replaced in one step. So the weights go first and ``model_meta.json``, which holds their SHA-256, last; a
reader that meets a mismatch waits for the change to end and reads again.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from common.artifacts.atomic import write_bytes
from common.artifacts.run_folder import RunFolder, existing_run
from common.artifacts.service_history import Change, append_change, meta_in_service, run_in_service
from common.artifacts.service_weights import check_weights
from common.errors import InputError, ProjectError, RunError
from common.labels import LABEL_MAP

LOCK_SECONDS = 60.0
MAX_REASON = 500


@dataclass(frozen=True)
class ServiceModel:
    """What is in service, read whole.

    Attributes
    ----------
    weights : dict of str to Tensor
        A state_dict on the CPU that fits ``build_model()``.
    meta : dict
        ``model_meta.json``.
    verified : bool
        Whether the weights' SHA-256 was recorded and agrees; False for files of version 1, which records none.
    """

    weights: dict[str, torch.Tensor]
    meta: dict[str, Any]
    verified: bool


def put_in_service(output_dir: Path, run_id: str, *, reason: str, by: str) -> None:
    """Copy a completed run's model to ``models/`` and write down why.

    Parameters
    ----------
    output_dir : Path
        Parent of ``artifacts/`` and ``models/``.
    run_id : str
        For example ``"run-003"``.
    reason : str
        Why; not empty, kept to one line of at most 500 characters.
    by : str
        Who does it: a name or a program.

    Raises
    ------
    InputError
        ``RUN001`` no such run, ``SERVICE001`` no reason, ``SERVICE002`` the run is not completed, ``SERVICE003`` a file is
        missing or no JSON, ``SERVICE004`` the weights are damaged; what was in service stays.
    RunError
        ``SERVICE005`` another change is under way, ``DISK001`` the folder cannot be written.
    """
    reason = " ".join(reason.split())[:MAX_REASON]
    if not reason:
        raise InputError("SERVICE001", "Putting a run in service needs a reason; it is kept in models/history.jsonl.")
    run = existing_run(output_dir, run_id)
    _check_completed(run)
    contents, sha256 = _read_run(run)
    with _lock(output_dir):
        previous = run_in_service(output_dir)
        for name, content in contents.items():
            write_bytes(output_dir / "models" / name, content)
        at = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        _record(output_dir, Change(at, run_id, previous, reason, " ".join(by.split()), sha256))


def offer_for_service(output_dir: Path, run_id: str, by: str) -> str:
    """Put a run that has just completed in service, unless it is synthetic and would displace a real one.

    Returns
    -------
    str
        What happened, in one sentence; a refusal is a sentence too, since the run itself is complete.
    """
    try:
        offered = _read_json(existing_run(output_dir, run_id).meta)
        current = meta_in_service(output_dir)
        if offered.get("synthetic") is True and current is not None and current.get("synthetic") is not True:
            return (
                f"{run_id} is synthetic, so {current.get('run_id') or 'the real model'} stays in service; "
                f'python -m server.promote {run_id} --reason "..." replaces it.'
            )
        put_in_service(output_dir, run_id, reason="the run completed", by=by)
    except ProjectError as error:
        return f"{run_id} was not put in service: {error.sentence}"
    return f"{run_id} is in service."


def load_service(output_dir: Path, *, attempts: int = 20, pause: float = 0.1) -> ServiceModel:
    """Read the model in service, whole and checked.

    Parameters
    ----------
    output_dir : Path
        Parent of ``models/``.
    attempts : int
        How often to read again while weights and ``model_meta.json`` disagree (a change is under way).
    pause : float
        Seconds between two attempts.

    Raises
    ------
    InputError
        ``SERVICE003`` nothing is in service, ``SERVICE004`` the weights are damaged.
    """
    for left in reversed(range(max(attempts, 1))):
        try:
            return _load_once(output_dir / "models")
        except InputError:
            if left == 0 or not (output_dir / "models" / "global_model.pth").exists():
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")


def _load_once(models: Path) -> ServiceModel:
    content = _read(models / "global_model.pth")
    meta = _read_json(models / "model_meta.json")
    _check_labels(models / "label_map.json")
    recorded = meta.get("sha256")
    sha256 = recorded if isinstance(recorded, str) else None
    return ServiceModel(check_weights(content, sha256, "models/global_model.pth"), meta, verified=sha256 is not None)


def _check_completed(run: RunFolder) -> None:
    state = _read_json(run.status).get("state")
    if state != "completed":
        raise InputError("SERVICE002", f"{run.run_id} is not completed (it is {state}), so it cannot be put in service.")


def _read_run(run: RunFolder) -> tuple[dict[str, bytes], str]:
    """Read and check the three files once, so that what was checked is what is written."""
    weights = _read(run.best_weights)
    meta = _read_json(run.meta)
    sha256 = meta.get("sha256")
    if not isinstance(sha256, str):
        raise InputError("SERVICE003", f"{run.run_id}/model_meta.json does not hold the weights' sha256.")
    _check_labels(run.label_map)
    check_weights(weights, sha256, f"{run.run_id}/global_model.pth")
    files = {"global_model.pth": weights, "label_map.json": _read(run.label_map), "model_meta.json": _read(run.meta)}
    return files, sha256


def _check_labels(path: Path) -> None:
    if _read_json(path) != LABEL_MAP:
        raise InputError("SERVICE003", f"{path.parent.name}/{path.name} names other classes than this project's four.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError("SERVICE003", f"{path.parent.name}/{path.name} cannot be read ({error.strerror}).") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_read(path))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise InputError("SERVICE003", f"{path.parent.name}/{path.name} is no JSON object.")
    return content


def _lock(output_dir: Path) -> FileLock:
    path = output_dir / "models" / ".service.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=LOCK_SECONDS)
        lock.acquire()
    except Timeout:
        raise RunError("SERVICE005", "Another change of the model in service is under way; try again in a minute.") from None
    except OSError as error:
        raise RunError("DISK001", f"{path.parent} cannot be written ({error.strerror}).") from None
    return lock


def _record(output_dir: Path, change: Change) -> None:
    try:
        append_change(output_dir, change)
    except OSError as error:
        raise RunError(
            "DISK001", f"{change.run_id} is in service, but models/history.jsonl cannot be written ({error.strerror})."
        ) from None
