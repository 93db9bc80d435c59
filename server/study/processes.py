"""The processes of a study: each run and each test in one of its own, several at a time if wanted.

In one process a crash of PyTorch or Ray, or a lack of memory, would take the rest of the study with it, and each run
would start in what the one before left (threads, caches, Ray's workers).
"""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import IO

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LAST_LINES = 20
SIMULATE, EVALUATE = "server.simulate", "server.evaluate"


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    """Its exit code; negative is the signal that killed it."""
    error: str | None
    """The sentence it left on standard error."""

    @property
    def reason(self) -> str | None:
        """Why the cell is not done, in a sentence; None if nothing went wrong."""
        if self.code < 0:
            memory = ", most often for lack of memory" if self.code == -signal.SIGKILL else ""
            return f"its process was killed by {signal.Signals(-self.code).name}{memory}"
        return self.error or (f"it ended with exit code {self.code}" if self.code else None)


class CellProcesses:
    """Starts processes, from several threads if wanted, and passes Ctrl-C on to those at work.

    Each is in a session of its own, so that the terminal's Ctrl-C does not reach it twice: it would take the second
    for "at once". Between two the signal is only remembered.

    Parameters
    ----------
    at_once : int
        How many will be at work. With more than one they are quiet, since their lines would mix, and have one thread.
    quiet : bool
        Whether one alone is quiet, too.
    """

    def __init__(self, at_once: int = 1, *, quiet: bool = False) -> None:
        self._side_by_side = at_once > 1
        self._quiet = quiet or self._side_by_side
        self._at_work: set[subprocess.Popen[str]] = set()
        self._lock = threading.RLock()  # the signal's handler may interrupt who holds it
        self.stopped = False

    def __enter__(self) -> "CellProcesses":
        self._previous = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def run(self, arguments: Sequence[str], module: str = SIMULATE) -> Ended:
        """Run ``python -m server.simulate`` with these arguments to its end."""
        command = [sys.executable, "-m", module, *arguments]
        out = subprocess.DEVNULL if self._quiet else None
        one_thread = {"OMP_NUM_THREADS": "1", **os.environ} if self._side_by_side else None
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.PIPE, text=True, start_new_session=True, env=one_thread
        )
        with self._lock:
            self._at_work.add(process)
            if self.stopped:  # asked while the process was being made
                process.send_signal(signal.SIGINT)
        said = _Said(process.stderr, self._quiet)
        code = process.wait()
        error = said.error()
        with self._lock:
            self._at_work.discard(process)
        if code and self._quiet and not self.stopped:
            print(said.last_lines(), end="", file=sys.stderr, flush=True)
        return Ended(code, error)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        with self._lock:
            self.stopped = True
            for process in tuple(self._at_work):
                process.send_signal(signal.SIGINT)


class _Said:
    """Passes a process's standard error through, unless it is to be quiet, and remembers its last error."""

    def __init__(self, stream: IO[str] | None, quiet: bool) -> None:
        assert stream is not None
        self._stream = stream
        self._quiet = quiet
        self._error: str | None = None
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stream:
            self._last.append(line)
            if not self._quiet:
                print(line, end="", file=sys.stderr, flush=True)
            if line.startswith("error "):
                self._error = line.removeprefix("error ").strip()

    def error(self) -> str | None:
        """Return it; a grandchild that keeps the stream open is not waited for."""
        self._thread.join(timeout=2)
        return self._error

    def last_lines(self) -> str:
        """Return its last lines, for a process that was quiet and failed."""
        return "".join(self._last)
