"""A process that a file names: whether it lives, ended, or is another machine's, and a stop for it and no other."""

import hashlib
import os
import platform
import signal
import uuid
from functools import cache
from pathlib import Path

import psutil
from msgspec import Struct

_SAME_SECONDS = 0.5  # a number is not given to another process within this time


class Process(Struct, frozen=True):
    """Which process it is: a number alone may belong to another one later."""

    pid: int = 0
    started: float = 0.0  # seconds, by the clock of its machine
    machine: str = ""  # the machine since its last start, and the container, in which the number counts


@cache
def this_machine() -> str:
    """Return a name of this machine since its last start, and of this container; nobody can read which one it is."""
    try:
        booted = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        numbers = os.readlink("/proc/self/ns/pid")
    except OSError:  # no Linux
        booted, numbers = f"{uuid.getnode():x}", platform.system()
    return hashlib.sha256(f"{booted} {numbers}".encode()).hexdigest()[:16]


def this_process() -> Process:
    """Return the process that asks."""
    return process_of(os.getpid())


def process_of(pid: int) -> Process:
    """Return a process of this machine by its number; one that is gone is never alive."""
    try:
        return Process(pid, _started(pid), this_machine())
    except psutil.Error:
        return Process(pid, 0.0, this_machine())


def is_alive(process: Process) -> bool | None:
    """Tell whether a process lives; None where that cannot be known from here."""
    if not process.pid or process.machine != this_machine():
        return None
    try:
        same = abs(_started(process.pid) - process.started) < _SAME_SECONDS
        return same and psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return None


def interrupt(process: Process, held: Path) -> bool:
    """Send Ctrl-C to a process of this machine, if it lives, is this project's, and holds a run's lock.

    Returns
    -------
    bool
        Whether it was sent. What the file of a run says may come from anybody, so the number alone is not enough.
    """
    if is_alive(process) is not True:
        return False
    try:
        found = psutil.Process(process.pid)
        if not (_is_ours(found.cmdline()) and _holds(found, held)):
            return False
        found.send_signal(signal.SIGINT)
    except (psutil.Error, ValueError):  # Windows sends no Ctrl-C to another console
        return False
    return True


def _is_ours(words: list[str]) -> bool:
    """Tell a command line of this project, or of a process that Flower starts for it."""
    return any(word.startswith("server.") or Path(word).name.startswith(("flwr", "flower")) for word in words)


def _holds(process: psutil.Process, path: Path) -> bool:
    wanted = os.path.realpath(path)
    return any(os.path.realpath(each.path) == wanted for each in process.open_files())


def _started(pid: int) -> float:
    """Return when a process was started; psutil.Error where there is none.

    Linux counts from its own start, so that a clock that is set anew makes no other process of it.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return float(psutil.Process(pid).create_time())
