"""What the programs take: memory, open files, disk; looked at every few seconds, and between the runs."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.soak.stage import Stage
from common.artifacts.ledger.hospital_record import RECORD

_EVERY_SECONDS = 3.0
_WORDS = (  # what a program's command line holds, and what it is called here
    ("server.centre.superlink", "SuperLink"),
    ("flower-superexec", "SuperLink's executor"),
    ("flwr-serverapp", "the run's process"),
    ("server.serve", "server.serve"),
    ("flower-supernode", "SuperNode"),
    ("clients.supernode.executor", "SuperNode's executor"),
    ("forkserver", "message processes"),
    ("clients.join", "clients.join"),
)
_LEFTOVERS = (".updates-*", "*.tmp", "*.partial", ".tmp*")


@dataclass(frozen=True)
class Quiet:
    """One look between two runs."""

    minutes: float
    """Since the soak began."""
    memory: Mapping[str, float]
    """MiB by program; the process's number is part of the name, since a new process begins anew."""
    files: Mapping[str, int]
    """Open descriptors by program."""
    disk: Mapping[str, float]
    """MiB by place."""
    temporary: int
    """Entries of the folder for temporary files."""
    leftovers: Sequence[str]
    """Files that should be gone."""


class Watch:
    """Looks at every process of the stage; a context manager.

    Attributes
    ----------
    peaks : dict of str to float
        MiB at most, by kind of program, since `forget_peaks`.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.peaks: dict[str, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def forget_peaks(self) -> None:
        """Begin anew."""
        self.peaks = {}

    def _follow(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            for kind, _, process in self._programs():
                with contextlib.suppress(psutil.Error):
                    size = process.memory_info().rss / 2**20
                    self.peaks[kind] = max(self.peaks.get(kind, 0.0), size)

    def quiet(self, minutes: float) -> Quiet:
        """Look around between two runs."""
        memory: dict[str, float] = {}
        files: dict[str, int] = {}
        for kind, machine, process in self._programs():
            with contextlib.suppress(psutil.Error):
                name = f"{kind}, {machine}, {process.pid}"
                memory[name] = process.memory_info().rss / 2**20
                files[name] = process.num_fds()
        stage = self._stage
        places = {"credentials and homes": stage.made.credentials, "logs of the centre": stage.made.folder / "logs"}
        disk = {name: size_of(place) for name, place in places.items()}
        disk |= {f"cache of {key}": size_of(stage.cache(key)) for key in stage.clocks or stage.made.joined}
        temporary = len(os.listdir(os.environ["TMPDIR"]))
        return Quiet(minutes, memory, files, disk, temporary, leftovers(stage))

    def _programs(self) -> list[tuple[str, str, psutil.Process]]:
        """Return every process of the federation with its kind and its machine."""
        roots = {"centre": self._stage.made.serving, **self._stage.made.joined}
        found = []
        for machine, process in roots.items():
            for each in process.family() if process else []:
                with contextlib.suppress(psutil.Error):
                    line = " ".join(each.cmdline())
                    if kind := next((kind for word, kind in _WORDS if word in line), None):
                        found.append((kind, machine, each))
        return found


def leftovers(stage: Stage) -> list[str]:
    """Return what should be gone when no run is on."""
    roots = [stage.disk, *(stage.cache(key) for key in stage.made.joined)]
    found = [path for root in roots for pattern in _LEFTOVERS for path in root.rglob(pattern)]
    kept = [path for key in stage.made.joined for path in stage.cache(key).glob("runs/**/*") if path.is_file()]
    found += [path for path in kept if path.name != RECORD]  # the hospital's proof of what it sent stays
    return sorted(str(path.relative_to(stage.disk.parent)) for path in found)


def size_of(folder: Path) -> float:
    """Return MiB of the files below a folder; what goes meanwhile does not count."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.lstat().st_size
    return total / 2**20
