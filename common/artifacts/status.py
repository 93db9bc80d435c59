"""``status.json``: what a run is doing, for a reader who comes by."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from common.files import write_json


def now() -> str:
    """Return the local time as ISO 8601 with zone, to the second."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Return the versions that the figures depend on."""

    def of(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "not installed"

    packages = {"project": "brain-tumour-federation", "flwr": "flwr", "torch": "torch", "torchvision": "torchvision"}
    return {name: of(package) for name, package in packages.items()} | {"python": platform.python_version()}


@dataclass
class RunStatus:
    """A run's state.

    Attributes
    ----------
    run_id : str
        For example ``"run-007"``.
    state : str
        ``"running"``, ``"completed"``, ``"failed"`` or ``"interrupted"``.
    round, rounds : int
        Last complete round, and rounds in all.
    phase : str
        ``"describe"``, ``"train"``, ``"evaluate"``, ``"test"`` or ``"done"``.
    hospitals : list of str
        Names, in configured order.
    pooled : bool
        Whether slices left their hospitals' folders for one loader.
    notice : str or None
        What must be known before any figure is believed, in a sentence.
    missing_hospitals : list of str
        Those that missed at least one round: the model was made without them there.
    reason : str or None
        Why the run failed or stopped, in a sentence.
    log : str
        Path of the log below the output folder.
    resume_command : str or None
        What to type to go on.
    """

    run_id: str
    state: str
    rounds: int
    strategy: str
    engine: str
    hospitals: list[str]
    log: str
    started_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)
    ended_at: str | None = None
    round: int = 0
    phase: str = "describe"
    synthetic: bool = False
    pooled: bool = False
    notice: str | None = None
    missing_hospitals: list[str] = field(default_factory=list)
    reason: str | None = None
    resume_command: str | None = None
    versions: dict[str, str] = field(default_factory=versions)

    def write(self, path: Path) -> None:
        """Write the state as it is now."""
        self.updated_at = now()
        write_json(path, asdict(self))
