"""One cell in a process of its own: what breaks there, breaks that run alone.

In one process a crash of PyTorch or Ray, or a lack of memory, would take the rest of the study with it, and each run
would start in what the one before left (threads, caches, Ray's workers).
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import IO

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes
    ----------
    code : int
        Its exit code; negative is the signal that killed it.
    error : str or None
        The sentence it left on standard error.
    """

    code: int
    error: str | None

    @property
    def reason(self) -> str | None:
        """Why the cell is not done, in a sentence; None if nothing went wrong."""
        if self.code < 0:
            memory = ", most often for lack of memory" if self.code == -signal.SIGKILL else ""
            return f"its process was killed by {signal.Signals(-self.code).name}{memory}"
        return self.error or (f"it ended with exit code {self.code}" if self.code else None)


class CellProcesses:
    """Starts runs one after the other and passes Ctrl-C on to the one at work.

    A run is in a session of its own, so that the terminal's Ctrl-C does not reach it twice: it would take the second
    for "at once". Between two runs the signal is only remembered.
    """

    def __init__(self, module: str = "server.simulate") -> None:
        self._module = module
        self._process: subprocess.Popen[str] | None = None
        self.stopped = False

    def __enter__(self) -> CellProcesses:
        self._previous = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def run(self, overrides: Sequence[str]) -> Ended:
        """Run ``python -m server.simulate`` to its end, on this terminal.

        Parameters
        ----------
        overrides : sequence of str
            Of the run.
        """
        command = [sys.executable, "-m", self._module, *overrides]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        if self.stopped:  # asked while the process was being made
            self._process.send_signal(signal.SIGINT)
        said = _Said(self._process.stderr)
        code = self._process.wait()
        self._process = None
        return Ended(code, said.error())

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.stopped = True
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)


class _Said:
    """Passes a process's standard error through and remembers its last error."""

    def __init__(self, stream: IO[str] | None) -> None:
        assert stream is not None
        self._stream = stream
        self._error: str | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stream:
            print(line, end="", file=sys.stderr, flush=True)
            if line.startswith("error "):
                self._error = line.removeprefix("error ").strip()

    def error(self) -> str | None:
        """Return it; a grandchild that keeps the stream open is not waited for."""
        self._thread.join(timeout=2)
        return self._error
