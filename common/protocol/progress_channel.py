"""A folder through which the processes of one simulation tell their progress and hear that they shall stop.

It exists on one machine for the length of one run. Hospitals on separate machines have none: there, progress is what
the messages say.
"""

import contextlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from common.errors import Interrupted

_STOP = "stop"
_INTERVAL_SECONDS = 0.2


@dataclass(frozen=True)
class Progress:
    """How far a hospital is with its present task.

    Attributes
    ----------
    hospital : str
        The hospital's key.
    task : str
        ``"reading"``, ``"training"`` or ``"evaluating"``.
    done, total : int
        Slices or batches.
    """

    hospital: str
    task: str
    done: int
    total: int


class ProgressChannel:
    """One end of the folder; picklable, so that it reaches the hospitals' processes.

    Parameters
    ----------
    folder : Path
        An existing folder of this run alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.on_tell: Callable[[], None] | None = None  # where server and hospitals are one process, nobody else looks
        self._last_seconds = 0.0

    def tell(self, progress: Progress) -> None:
        """Leave word of progress, at most five times a second.

        Raises
        ------
        Interrupted
            If the run was asked to stop.
        """
        now = time.monotonic()
        if now - self._last_seconds < _INTERVAL_SECONDS and progress.done:
            return
        self._last_seconds = now
        if (self.folder / _STOP).exists():
            raise Interrupted("RUN130", "The run was stopped.")
        temporary = self.folder / f".{progress.hospital}.{os.getpid()}"
        temporary.write_text(json.dumps(asdict(progress)))
        temporary.replace(self.folder / f"{progress.hospital}.json")
        if self.on_tell:
            self.on_tell()

    def read(self) -> list[Progress]:
        """Return the last word of every hospital that is at work."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            with contextlib.suppress(FileNotFoundError):  # its hospital has answered meanwhile
                found.append(Progress(**json.loads(path.read_text())))
        return found

    def clear(self, hospital: str) -> None:
        """Forget a hospital that has answered."""
        (self.folder / f"{hospital}.json").unlink(missing_ok=True)

    def stop(self) -> None:
        """Ask every process of the simulation to stop at its next batch."""
        (self.folder / _STOP).touch()
