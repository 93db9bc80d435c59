"""What a hospital knows of itself and of its machine; none of it travels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from common.config.hospital import Hospital
from common.protocol.progress_channel import Progress, Spool


@dataclass(frozen=True)
class Site:
    """One hospital on its own machine.

    Attributes
    ----------
    hospital : Hospital
        Name, folder and class map.
    data_root : Path
        Folder below which the hospital's own folder lies.
    cache_dir : Path
        Folder for decoded slices.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    spool : Spool or None
        Where progress goes in a simulation.
    explains : bool
        Whether the sentence of an error may go to the server. True in a simulation, where both are one person; at a
        real hospital a sentence may name a folder, so only its code travels.
    fingerprint_key : Path or None
        File of the key that the hospitals share; without it no fingerprint leaves.
    pool : mapping of str to Site
        Every hospital by its key, where a simulation trains on all of them together; empty everywhere else.
    """

    hospital: Hospital
    data_root: Path
    cache_dir: Path
    device: str = "auto"
    spool: Spool | None = None
    explains: bool = False
    fingerprint_key: Path | None = None
    pool: Mapping[str, Site] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The hospital's folder of slices."""
        return self.data_root / self.hospital.path

    def teller(self, task: str) -> Callable[[int, int], None] | None:
        """Return a callback that reports (done, total) of a task, or None where nobody listens."""
        spool = self.spool
        if spool is None:
            return None
        return lambda done, total: spool.tell(Progress(self.hospital.key, task, done, total))
