"""One cell of a study: its process, what its run gives the study, and how long the cells to come will take.

Each runs in a process of its own: in one process a crash of PyTorch or Ray, or a lack of memory, would take the rest of
the study with it, and each run would start in what the one before left (threads, caches, Ray's workers).
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from types import FrameType
from typing import IO

import numpy as np

from common.artifacts.schema import Run
from common.artifacts.values import mapping, matrix
from common.labels import NUM_CLASSES
from common.metrics.confusion import Confusion
from common.study.records import COMPLETED, Cell, CellResult
from server.study.known_runs import KnownRun

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
    """Starts runs one after the other and passes Ctrl-C on to the one at work.

    A run is in a session of its own, so that the terminal's Ctrl-C does not reach it twice: it would take the second
    for "at once". Between two runs the signal is only remembered.
    """

    def __init__(self, module: str = "server.simulate", *, quiet: bool = False) -> None:
        self._module = module
        self._output = subprocess.DEVNULL if quiet else None
        self._process: subprocess.Popen[str] | None = None
        self.stopped = False

    def __enter__(self) -> "CellProcesses":
        self._previous = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def run(self, overrides: Sequence[str]) -> Ended:
        """Run ``python -m server.simulate`` with these overrides to its end; on this terminal, unless it is quiet."""
        command = [sys.executable, "-m", self._module, *overrides]
        self._process = subprocess.Popen(
            command, stdout=self._output, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
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


def cell_result(cell: Cell, known: KnownRun | None, failure: str | None) -> CellResult:
    """Read a cell's result.

    Parameters
    ----------
    known : KnownRun or None
        Its run, if it has one.
    failure : str or None
        How its process ended in this command, in a sentence; None if it did not run or nothing went wrong.
    """
    if known is None:
        return CellResult(cell, "failed" if failure else "missing", reason=failure)
    run = known.run
    state, reason = _state(known, failure)
    return CellResult(
        cell=cell,
        state=state,
        run_id=run.run_id,
        reason=reason,
        seconds=sum(round_.seconds for round_ in run.rounds if round_.seconds is not None) or None,
        steps=_steps(run),
        missed=run.status.missing_hospitals,
        tests=test_confusions(run) if state == COMPLETED else {},
    )


def test_confusions(run: Run) -> dict[str, Confusion]:
    """Return the confusion matrix, ``[4, 4]``, of each hospital that tested the run's model, by name."""
    bodies = mapping(run.metrics.get("per_hospital"))
    rows = {str(name): matrix(mapping(body).get("confusion_matrix"), NUM_CLASSES) for name, body in bodies.items()}
    return {name: np.asarray(found, dtype=np.int64) for name, found in rows.items() if found is not None}


def _state(known: KnownRun, failure: str | None) -> tuple[str, str | None]:
    if known.completed:
        return COMPLETED, None
    if known.busy:
        return "running", "its run is at work in another process"
    state = known.run.state if known.run.state in ("failed", "interrupted") else "failed"
    return state, failure or known.run.status.reason or "its run left no test figures"


def _steps(run: Run) -> int | None:
    steps = [round_.train_steps for round_ in run.rounds if round_.train_steps is not None]
    return sum(steps) if steps else None


class Pace:
    """Remembers what runs took, whole ones only.

    A run is expected to take the mean of its strategy's; of a strategy that has not run yet, the mean of all.
    """

    def __init__(self) -> None:
        self._seconds: dict[Cell, float] = {}

    def note(self, cell: Cell, seconds: float | None) -> None:
        """Remember a cell's wall time in seconds; what is known first is kept."""
        if seconds is not None:
            self._seconds.setdefault(cell, seconds)

    def expected(self, cells: Sequence[Cell]) -> float | None:
        """Return the seconds that these cells will take one after the other, None before the first is done."""
        if not self._seconds:
            return None
        return sum(self._of(cell) for cell in cells)

    def _of(self, cell: Cell) -> float:
        alike = [s for known, s in self._seconds.items() if known.strategy == cell.strategy]
        same = [s for known, s in self._seconds.items() if _kind(known) == _kind(cell)]
        return mean(same or alike or self._seconds.values())


def _kind(cell: Cell) -> tuple[str, bool]:
    return cell.strategy, cell.without is not None
