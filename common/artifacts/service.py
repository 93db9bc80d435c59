"""The model in service: the files under ``models/``, put there together and read only together.

Several files cannot be replaced in one step. So the weights go first and ``model_meta.json``, which holds the others'
SHA-256, last; a reader that meets a mismatch waits for the change to end and reads again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import AcquireReturnProxy, FileLock, Timeout

from common import files
from common.artifacts.layout import FAMILIARITY, RunFolder, existing_run
from common.artifacts.ledger.check import require_verified
from common.artifacts.service_history import Change, append_change, meta_in_service, run_in_service, system_user
from common.artifacts.values import mapping
from common.artifacts.words import POOLED
from common.config.architectures import architecture_of
from common.errors import InputError, ProjectError, RunError
from common.labels import LABEL_MAP
from common.metrics.familiar.file import Recorded, decode
from common.text import command_line

if TYPE_CHECKING:
    import torch

LOCK_SECONDS = 60.0
MAX_REASON = 500
ROOT = Path(__file__).resolve().parents[2]  # where `server.promote` looks unless it is told otherwise
_MOST_BYTES = 2_000_000_000  # the weights of any network here are far below


@dataclass(frozen=True)
class ServiceModel:
    """What is in service, read whole."""

    weights: dict[str, torch.Tensor]
    """A state_dict on the CPU that fits ``build_model()``."""
    meta: dict[str, Any]
    """``model_meta.json``."""
    sha256: str
    """Of the weights' file, hexadecimal."""
    verified: bool
    """Whether ``model_meta.json`` records the same SHA-256; False for files of version 1, which records none."""
    familiarity: Recorded | None = None
    """What tells an image that is unlike the slices of training; None where the run recorded nothing for it."""


def put_in_service(output_dir: Path, run_id: str, *, reason: str, by: str) -> None:
    """Copy a completed run's model to ``models/`` and write down why.

    Parameters
    ----------
    output_dir : Path
        Parent of ``artifacts/`` and ``models/``.
    reason : str
        Why; not empty, kept to one line of at most 500 characters.
    by : str
        Who does it: a name or a program.

    Raises
    ------
    InputError
        ``RUN001`` no such run, ``SERVICE001`` no reason, ``SERVICE002`` the run is not completed, ``SERVICE003`` a file
        is missing or no JSON, ``SERVICE004`` the weights are damaged, ``SERVICE006`` its hospitals share no model; what
        was in service stays.
    RunError
        ``SERVICE005`` another change is under way, ``DISK001`` the folder cannot be written.
    """
    _put(output_dir, run_id, reason, by, displaces_real=True)


def offer_for_service(output_dir: Path, run_id: str, by: str) -> str:
    """Put a run that has just completed in service, unless it is synthetic and would displace a real one, or pooled.

    Returns
    -------
    str
        What happened, in one sentence; a refusal is a sentence too, since the run itself is complete.
    """
    try:
        run = existing_run(output_dir, run_id)
        meta = _parse(_read(run.meta), run.meta)
        if meta.get("pooled") is True:
            return f"{run_id} was not put in service: {POOLED} {_by_hand(run)}"
        synthetic = meta.get("synthetic") is True
        put = _put(output_dir, run_id, "the run completed", by, displaces_real=not synthetic)
    except ProjectError as error:
        return f"{run_id} was not put in service: {error.sentence}"
    if put:
        return f"{run_id} is in service."
    return (
        f"{run_id} is synthetic, so {run_in_service(output_dir) or 'the real model'} stays in service. {_by_hand(run)}"
    )


def _by_hand(run: RunFolder) -> str:
    where = "" if run.output_dir == ROOT else f" {command_line('--output-dir', str(run.output_dir))}"
    return f'python -m server.promote {run.run_id} --reason "..."{where} puts it there all the same.'


def _put(output_dir: Path, run_id: str, reason: str, by: str, *, displaces_real: bool) -> bool:
    """Check, then copy under the lock; False where a real model stays."""
    reason = " ".join(reason.split())[:MAX_REASON]
    if not reason:
        raise InputError("SERVICE001", "Putting a run in service needs a reason; it is kept in models/history.jsonl.")
    run = existing_run(output_dir, run_id)
    _check_completed(run)
    require_verified(run)
    contents, sha256 = _read_run(run)
    with _lock(output_dir):
        if not displaces_real and _holds_real(output_dir):
            return False
        previous = run_in_service(output_dir)
        _write(output_dir / "models", contents)
        at = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        _record(output_dir, Change(at, run_id, previous, reason, " ".join(by.split()), sha256, system_user()))
    return True


def _holds_real(output_dir: Path) -> bool:
    """Tell whether something is there that does not say of itself that it is synthetic, damaged files included."""
    meta = meta_in_service(output_dir)
    if meta is not None:
        return meta.get("synthetic") is not True
    return any((output_dir / "models" / name).exists() for name in ("global_model.pth", "model_meta.json"))


def load_service(output_dir: Path, *, attempts: int = 20, pause: float = 0.1) -> ServiceModel:
    """Read the model in service, whole and checked.

    Parameters
    ----------
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
    weights, labels, meta_path = (models / name for name in ("global_model.pth", "label_map.json", "model_meta.json"))
    content = _read(weights)
    _check_labels(_read(labels), labels)
    meta = _parse(_read(meta_path), meta_path)
    recorded = str(meta["sha256"]) if meta.get("sha256") is not None else None
    state = _checked(content, recorded, _short(weights), architecture_of(meta))
    measured = read_familiarity(models, meta)
    known = decode(measured) if measured else None
    return ServiceModel(state, meta, hashlib.sha256(content).hexdigest(), recorded is not None, known)


def read_familiarity(folder: Path, meta: Mapping[str, Any]) -> bytes | None:
    """Return the checked file of distances beside the weights; None where the meta file records none."""
    sha256 = mapping(meta.get("familiarity")).get("sha256")
    if sha256 is None:
        return None
    path = folder / FAMILIARITY
    content = _read(path)
    try:
        decode(content)
    except ValueError:
        raise InputError("SERVICE004", f"{_short(path)} is damaged.") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InputError("SERVICE004", f"{_short(path)} is damaged: its SHA-256 is not the one in model_meta.json.")
    return content


def _checked(content: bytes, sha256: str | None, name: str, network: str) -> dict[str, torch.Tensor]:
    from common.artifacts.weights import check_weights  # brings torch, which who only asks does without

    return check_weights(content, sha256, name, network)


def _check_completed(run: RunFolder) -> None:
    state = _parse(_read(run.status), run.status).get("state")
    if state != "completed":
        raise InputError("SERVICE002", f"{run.run_id} is not completed ({state}), so it cannot be put in service.")


def _read_run(run: RunFolder) -> tuple[dict[str, bytes], str]:
    """Read each file once, so that what was checked is what is written; meta comes last."""
    meta = _read(run.meta)
    _check_shared(_parse(meta, run.meta), run.run_id)
    described = _parse(meta, run.meta)
    contents = {path.name: _read(path) for path in (run.best_weights, run.label_map)}
    if measured := read_familiarity(run.path, described):
        contents[run.familiarity.name] = measured
    contents[run.meta.name] = meta
    _check_labels(contents[run.label_map.name], run.label_map)
    sha256 = described.get("sha256")
    if not isinstance(sha256, str):
        raise InputError("SERVICE003", f"{run.run_id}/model_meta.json does not hold the weights' sha256.")
    shown = f"{run.run_id}/{run.best_weights.name}"
    _checked(contents[run.best_weights.name], sha256, shown, architecture_of(described))
    return contents, sha256


def _check_shared(meta: dict[str, Any], run_id: str) -> None:
    if reason := meta.get("no_shared_model"):
        raise InputError("SERVICE006", f"{run_id} has no model to put in service. {reason}")


def _check_labels(content: bytes, path: Path) -> None:
    if _parse(content, path) != LABEL_MAP:
        raise InputError("SERVICE003", f"{_short(path)} names other classes than this project's four.")


def _read(path: Path) -> bytes:
    try:
        return files.read_bytes(path, _MOST_BYTES)
    except OSError as error:
        raise InputError("SERVICE003", f"{_short(path)} cannot be read ({files.why(error)}).") from None


def _parse(content: bytes, path: Path) -> dict[str, Any]:
    try:
        parsed = files.parse_json(content)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise InputError("SERVICE003", f"{_short(path)} is no JSON object.")
    return parsed


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _write(models: Path, contents: dict[str, bytes]) -> None:
    try:
        for name, content in contents.items():
            files.write_bytes(models / name, content)
        if FAMILIARITY not in contents:
            (models / FAMILIARITY).unlink(missing_ok=True)  # of the model before
    except (RunError, OSError):
        raise RunError(
            "DISK001", f"{models} cannot be written (disk full or no permission); make room there and do it again."
        ) from None


def _lock(output_dir: Path) -> AcquireReturnProxy:
    path = output_dir / "models" / ".service.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path, timeout=LOCK_SECONDS).acquire()
    except Timeout:
        raise RunError("SERVICE005", "The model in service is being changed; try again in a minute.") from None
    except OSError as error:
        raise RunError("DISK001", f"{path.parent} cannot be written ({files.why(error)}).") from None


def _record(output_dir: Path, change: Change) -> None:
    try:
        append_change(output_dir, change)
    except OSError as error:
        raise RunError(
            "DISK001",
            f"{change.run_id} is in service, but models/history.jsonl cannot be written ({files.why(error)}).",
        ) from None
