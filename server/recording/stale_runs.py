"""Runs whose process was killed: what they left, and their last word; light, for ``server.run`` has no PyTorch."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os.path import isfile
from pathlib import Path
from shutil import rmtree
from typing import Any

from filelock import FileLock, Timeout

from common.artifacts.layout import RunFolder
from common.artifacts.load import list_runs
from common.artifacts.run_files import now
from common.config.overrides import written
from common.files import read_bytes, sweep, write_json
from common.text import command_line

UPDATES = ".updates-"  # folders that version 2.0 kept a round's updates in
CHANNEL = ".channel-"  # the folder of a simulation's `common.protocol.progress_channel`


@contextmanager
def idle(folder: RunFolder) -> Iterator[bool]:
    """Tell whether no process is at work on a run; if so, none can begin within the ``with``."""
    lock = FileLock(folder.lock)  # the operating system lets go of it when a process dies
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def sweep_stale(output_dir: Path) -> None:
    """Remove what killed runs left in their folders besides their files; a living run is left alone."""
    for run_id in list_runs(output_dir):
        folder = RunFolder(output_dir, run_id)
        if folder.path.is_symlink() or not _has_leftovers(folder):
            continue
        with suppress(OSError), idle(folder) as free:
            if free:
                sweep_run(folder)
    for place in ("artifacts", "models"):
        sweep(output_dir / place)


def sweep_run(folder: RunFolder) -> None:
    """Remove temporary files and folders of a run that does not go on, or that this process holds the lock of."""
    for left in filter(_is_leftover, folder.path.iterdir()):
        if left.is_dir() and not left.is_symlink():
            rmtree(left, ignore_errors=True)
    for place in (folder.path, folder.match_list("").parent):
        sweep(place)


def _has_leftovers(folder: RunFolder) -> bool:
    with suppress(OSError):
        return any(map(_is_leftover, folder.path.iterdir()))
    return False


def _is_leftover(path: Path) -> bool:
    return path.name.startswith((UPDATES, CHANNEL)) or (path.name.startswith(".") and path.suffix == ".tmp")


def mark_stale(folder: RunFolder, program: str) -> None:
    """Write down the end of a run whose process was killed and could not do so itself; a living run is left alone.

    Parameters
    ----------
    program : str
        What a resume is to be started with.
    """
    if not isfile(folder.status):
        return
    with idle(folder) as free:
        status = _status(folder) if free else {}
        if status.get("state") == "running":
            status |= {"state": "interrupted", "reason": "The run's process was killed.", "ended_at": now()}
            status["resume_command"] = resume_command(program, folder, str(folder.output_dir))
            write_json(folder.status, status)


def resume_command(program: str, folder: RunFolder, output_dir: str) -> str:
    """Return the command that goes on with a run, as a shell takes it; `program` may have flags behind its name."""
    words = (f"resume={folder.run_id}", f"output_dir={written(output_dir)}")
    return f"python -m {program} {command_line(*words)}"


def _status(folder: RunFolder) -> dict[str, Any]:
    """Return what a run said last; nothing where its file is damaged."""
    try:
        status = json.loads(read_bytes(folder.status))
    except (OSError, ValueError, RecursionError):
        return {}
    return status if isinstance(status, dict) else {}
