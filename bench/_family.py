"""What a program costs with all the processes that it starts, Ray's daemons among them (Linux).

Every process whose ancestor the program is counts. One that outlives its parent becomes a child of this process, which
asks the kernel for that, so that nothing escapes by turning into a daemon. CPU seconds are those of each process when
it was last looked at: of a process that another one started, what it used in its last quarter of a second is missing.
Memory is the sum of the proportional set sizes (PSS): pages that several processes share count once.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from bench._marks import VARIABLE, read_marks
from common.quiet import SETTINGS as QUIET

ROOT = Path(__file__).resolve().parents[1]
PROBE = Path(__file__).with_name("probe")
_LOOK_SECONDS = 0.25
_MEMORY_SECONDS = 1.0  # at least; adding up a process's pages takes time
_MEMORY_SHARE = 0.05  # at most so much of the time goes into looking at memory
_LINGER_SECONDS = 30.0
_PR_SET_CHILD_SUBREAPER = 36
_SETTINGS = ("FLWR_TELEMETRY_ENABLED", "FLWR_DISABLE_UPDATE_CHECK", "RAY_USAGE_STATS_ENABLED", "GOMP_SPINCOUNT")


@dataclass(frozen=True)
class Course:
    """What one run of a program cost, looked at again and again."""

    moments: Sequence[float]  # on the machine's clock; the first is the start, the last the end
    cpu: Sequence[float]  # seconds of all its processes up to each moment
    peak: float  # MiB of all its processes together
    marks: Sequence[float]  # moments that the program noted (`bench._marks`)
    said: str = ""  # on both outputs

    @property
    def wall(self) -> float:
        """Seconds from the first to the last moment."""
        return self.moments[-1] - self.moments[0]

    def cpu_until(self, moment: float) -> float:
        """Return the CPU seconds of all processes up to a moment."""
        return float(np.interp(moment, self.moments, self.cpu))

    def cpu_between(self, start: float, end: float) -> float:
        """Return the CPU seconds of all processes between two moments."""
        return self.cpu_until(end) - self.cpu_until(start)


@dataclass
class Seen:
    """What was seen of the processes so far."""

    seconds: dict[psutil.Process, float] = field(default_factory=dict)
    peak: float = 0.0
    next_memory: float = 0.0

    def look(self, family: Sequence[psutil.Process]) -> float:
        """Look at all processes; returns the CPU seconds of those that are and of those that were."""
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                self.seconds[process] = times.user + times.system
        started = time.monotonic()
        if started >= self.next_memory:
            self.peak = max(self.peak, sum(map(_memory, family)))
            took = time.monotonic() - started
            self.next_memory = started + max(_MEMORY_SECONDS, took / _MEMORY_SHARE)
        return sum(self.seconds.values())


def follow(command: Sequence[str]) -> Course:
    """Run ``python`` with these arguments, and watch it and all that it starts until the last of them has ended.

    Every program gets the same environment: no telemetry, and threads that sleep early (`common.quiet`).

    Raises
    ------
    SystemExit
        With what the program said, if it fails; or where there is no ``/proc``.
    """
    if sys.platform != "linux":
        raise SystemExit("The processes of a program can be added up on Linux alone.")
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    others = set(_descendants())
    with tempfile.TemporaryDirectory(prefix="bench-marks-") as folder, tempfile.TemporaryFile("w+") as output:
        marks = Path(folder, "marks")
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=_environment(marks), stdout=output, stderr=output
        )
        try:
            moments, cpu, peak = _watch(others, process)
        finally:
            _end(others, process)
        output.seek(0)
        said = output.read()
        if process.wait():
            raise SystemExit(f"{said}\n{' '.join(command)} ended with {process.returncode}.")
        return Course(moments, cpu, peak, read_marks(marks), said)


def _environment(marks: Path) -> dict[str, str]:
    """Return the environment of a measured program; how many threads it starts is its own affair."""
    own = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    own |= {name: QUIET[name] for name in _SETTINGS} | {VARIABLE: str(marks)}
    return own | {"PYTHONPATH": os.pathsep.join([str(PROBE), str(ROOT)])}


def _watch(others: set[psutil.Process], program: subprocess.Popen[bytes]) -> tuple[list[float], list[float], float]:
    """Look until all have ended; a child of this process keeps its figures until `_end` waits for it."""
    moments, cpu, seen = [time.monotonic()], [0.0], Seen()
    end = float("inf")
    while True:
        family = [process for process in _descendants() if process not in others]
        at_work = [process for process in family if not _has_ended(process)]
        cpu.append(seen.look(family))
        moments.append(time.monotonic())
        if not any(process.pid == program.pid for process in at_work):
            end = min(end, moments[-1] + _LINGER_SECONDS)
        if not at_work or moments[-1] > end:
            return moments, cpu, seen.peak
        time.sleep(_LOOK_SECONDS)


def _descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _has_ended(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _memory(process: psutil.Process) -> float:
    """Return MiB of a process's own pages and its share of others; 0 if it has ended."""
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


def _end(others: set[psutil.Process], program: subprocess.Popen[bytes]) -> None:
    """Kill what is still there, and take back every child but the program itself, which its caller waits for."""
    mine = [process for process in _descendants() if process not in others]
    for process in mine:
        if not _has_ended(process):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    for process in mine:
        if process.pid != program.pid:
            with contextlib.suppress(ChildProcessError):  # a grandchild
                os.waitpid(process.pid, 0)
