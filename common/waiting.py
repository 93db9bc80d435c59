"""How long to wait for another process: as long as it works. On a busy machine a clock alone gives up too early."""

import time
from collections.abc import Callable

import psutil


class Patience:
    """Over once a process, with all that it has started, has done nothing for a while.

    Parameters
    ----------
    pid : int
        The process.
    idle_seconds : float
        How long it may use no processor.
    """

    def __init__(self, pid: int, idle_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pid = pid
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._used = -1.0
        self._worked_at = clock()

    def is_over(self) -> bool:
        """Look whether the process has worked since the last look."""
        now, used = self._clock(), _processor_seconds(self._pid)
        if used > self._used:
            self._used, self._worked_at = used, now
        return now - self._worked_at > self._idle_seconds


def _processor_seconds(pid: int) -> float:
    """Return what a process and its children have used so far; 0 once it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:4]) for each in family if each.is_running())
    except psutil.Error:
        return 0.0
