"""The last word of a run whose process was killed; light, since ``server.run`` says it without PyTorch."""

from __future__ import annotations

import json

from filelock import FileLock, Timeout

from common.artifacts.layout import RunFolder
from common.artifacts.status import now
from common.files import write_json


def mark_dead(folder: RunFolder, program: str) -> None:
    """Write down the end of a run whose process was killed and could not do so itself; a living run is left alone.

    Parameters
    ----------
    folder : RunFolder
        The run's.
    program : str
        What a resume is to be started with.
    """
    if not folder.status.is_file():
        return
    lock = FileLock(folder.path / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return
    try:
        status = json.loads(folder.status.read_text(encoding="utf-8"))
        if status["state"] == "running":
            status |= {"state": "interrupted", "reason": "The run's process was killed.", "ended_at": now()}
            status["resume_command"] = resume_command(program, folder, str(folder.output_dir))
            write_json(folder.status, status)
    finally:
        lock.release()


def resume_command(program: str, folder: RunFolder, output_dir: str) -> str:
    """Return the command that goes on with a run."""
    return f"python -m {program} resume={folder.run_id} output_dir={output_dir}"
