"""A round's updates on disk until they are aggregated, so that the server's memory does not grow with the hospitals.

A sum needs one update at a time (see `server.strategies.updates`); a strategy that is not linear gets them in memory.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from common.errors import RunError
from common.model.weights import Arrays
from common.protocol.codec import pack, unpack
from common.protocol.names import BLOCK, MANIFEST
from server.strategies.updates import Updates


class UpdateStore:
    """The updates of one run's present round.

    Parameters
    ----------
    parent : Path or None
        Folder to make their files in, which go when the run ends; None keeps the updates in memory.
    """

    def __init__(self, parent: Path | None) -> None:
        self._folder = tempfile.TemporaryDirectory(dir=parent, prefix=".updates-") if parent else None
        self._in_memory: dict[str, Arrays] = {}

    def put(self, hospital: str, update: Arrays) -> None:
        """Keep an update; one that this hospital sent before is replaced.

        Raises
        ------
        RunError
            ``DISK001`` if there is no room.
        """
        if self._folder is None or not update:  # of strategy local nothing travels
            self._in_memory[hospital] = update
            return
        packed, path = pack(update), self._path(hospital)
        try:
            packed[BLOCK].tofile(path)
        except OSError as error:
            raise RunError(
                "DISK001", f"{path.parent} cannot hold an update ({error.strerror}); make room, then resume the run."
            ) from None
        self._in_memory[hospital] = {MANIFEST: packed[MANIFEST]}

    def updates(self, hospitals: Sequence[str], samples: Sequence[int]) -> Updates:
        """Return the updates of hospitals, in configured order, with the training slices of each."""
        return Updates(hospitals, samples, lambda: self._read(hospitals))

    def close(self) -> None:
        """Remove the files."""
        if self._folder:
            self._folder.cleanup()

    def _read(self, hospitals: Sequence[str]) -> Iterator[Arrays]:
        for hospital in hospitals:
            kept = self._in_memory[hospital]
            on_disk = self._folder and kept
            yield unpack(kept | {BLOCK: np.fromfile(self._path(hospital), dtype=np.uint8)}) if on_disk else kept

    def _path(self, hospital: str) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / hospital
