"""Runs whose process was killed; light, since ``server.run`` asks without PyTorch."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from common.artifacts.layout import RunFolder
from common.artifacts.run_files import now
from common.files import write_json


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


def mark_stale(folder: RunFolder, program: str) -> None:
    """Write down the end of a run whose process was killed and could not do so itself; a living run is left alone.

    Parameters
    ----------
    program : str
        What a resume is to be started with.
    """
    if not folder.status.is_file():
        return
    with idle(folder) as free:
        status = json.loads(folder.status.read_text(encoding="utf-8")) if free else {}
        if status.get("state") == "running":
            status |= {"state": "interrupted", "reason": "The run's process was killed.", "ended_at": now()}
            status["resume_command"] = resume_command(program, folder, str(folder.output_dir))
            write_json(folder.status, status)


def resume_command(program: str, folder: RunFolder, output_dir: str) -> str:
    """Return the command that goes on with a run."""
    return f"python -m {program} resume={folder.run_id} output_dir={output_dir}"
