"""Which run is in service and how it came to that: ``models/model_meta.json`` and ``models/history.jsonl``.

Read without torch, so that a page or a command that only shows them opens at once.
"""

import json
import os
import pwd
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common import files

ROLL_BACK = "roll back"
"""The reason that the history keeps where a change was taken back."""


@dataclass(frozen=True)
class Change:
    """One change of the model in service."""

    at: str
    """ISO 8601 with zone."""
    run_id: str
    """The run that was put in service."""
    previous: str | None
    """The run that was there before; None where there was none, or where its number is not recorded."""
    reason: str
    """Why, in the words of the person (or program) that did it."""
    by: str
    """Who did it, for example ``"server"`` or ``"dashboard"``."""
    sha256: str
    """Of the weights that were put in service."""
    user: str | None = None
    """The operating system's user as whom that was done; None where it is not recorded."""

    @property
    def who(self) -> str:
        """Who did it and as which user: ``"dashboard (asha)"``."""
        return self.by if self.user in (None, self.by) else f"{self.by} ({self.user})"


def system_user() -> str | None:
    """Return the operating system's user, by the process and not by what the environment says; None without a name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        return None


def before(changes: Sequence[Change]) -> str | None:
    """Return the run to roll back to: the one that was in service before; None where none is known.

    A rolling back takes a step out of the history instead of adding one, so that rolling back twice goes further back.
    """
    steps: list[str] = []
    for change in changes:
        if not steps and change.previous:
            steps.append(change.previous)
        if change.reason == ROLL_BACK and steps[-2:-1] == [change.run_id]:
            steps.pop()
        elif steps[-1:] != [change.run_id]:
            steps.append(change.run_id)
    return steps[-2] if len(steps) > 1 else None


def meta_in_service(output_dir: Path) -> dict[str, Any] | None:
    """Return ``models/model_meta.json``, or None where it is absent or is no JSON object."""
    try:
        meta = files.parse_json(files.read_bytes(output_dir / "models" / "model_meta.json", files.JSON_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return meta if isinstance(meta, dict) else None


def run_in_service(output_dir: Path) -> str | None:
    """Return the number of the run in service, or None where there is none or it is not recorded (version 1)."""
    run_id = (meta_in_service(output_dir) or {}).get("run_id")
    return run_id if isinstance(run_id, str) else None


def history_path(output_dir: Path) -> Path:
    """Return the path of ``models/history.jsonl``."""
    return output_dir / "models" / "history.jsonl"


def append_change(output_dir: Path, change: Change) -> None:
    """Add one line to the history; the caller holds the lock of ``models/``.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    line = json.dumps(asdict(change), ensure_ascii=False).encode() + b"\n"
    with history_path(output_dir).open("ab+") as file:
        if _ends_torn(file):
            line = b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _ends_torn(file: Any) -> bool:
    """Tell whether the last line was cut short (a power failure), so that the next one does not join it."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) != b"\n")


def read_changes(output_dir: Path) -> tuple[list[Change], int]:
    """Read the history.

    Returns
    -------
    tuple of list of Change and int
        The changes, oldest first, and how many lines could not be read.
    """
    try:
        lines = files.read_bytes(history_path(output_dir), files.JSON_BYTES).splitlines()
    except OSError:
        return [], 0
    changes = [_change(line) for line in lines if line.strip()]
    return [change for change in changes if change], sum(change is None for change in changes)


def _change(line: bytes) -> Change | None:
    try:
        fields = json.loads(line)
        at, run_id, reason, by = (str(fields[key]) for key in ("at", "run_id", "reason", "by"))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    previous, user = (None if fields.get(key) is None else str(fields[key]) for key in ("previous", "user"))
    return Change(at, run_id, previous, reason, by, str(fields.get("sha256", "")), user)
