"""A round's updates on disk until they are aggregated, so that the server's memory does not grow with the hospitals.

A sum needs one update at a time (see `server.strategies.updates`); a strategy that is not linear gets them in memory.
The file has no name: whatever ends the process, a power failure included, no hospital's raw update stays behind.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from common.errors import RunError
from common.files import why
from common.model.weights import Arrays
from common.protocol.codec import pack, unpack
from common.protocol.names import BLOCK, MANIFEST
from server.strategies.updates import Updates


class UpdateStore:
    """The updates of one run's present round.

    Parameters
    ----------
    parent : Path or None
        Folder on whose disk they are kept; None keeps the updates in memory.
    """

    def __init__(self, parent: Path | None) -> None:
        self._parent = parent
        self._file: BinaryIO | None = None
        self._places: dict[str, tuple[int, int]] = {}  # of a hospital's block in the file: start and length, bytes
        self._in_memory: dict[str, Arrays] = {}

    def put(self, hospital: str, update: Arrays) -> None:
        """Keep an update; one that this hospital sent before is replaced.

        Raises
        ------
        RunError
            ``DISK001`` if there is no room.
        """
        if self._parent is None or not update:  # of strategy local nothing travels
            self._in_memory[hospital] = update
            return
        packed = pack(update)
        try:
            self._write(hospital, packed[BLOCK].data)
        except OSError as error:
            raise RunError(
                "DISK001", f"{self._parent} cannot hold an update ({why(error)}); make room, then resume the run."
            ) from None
        self._in_memory[hospital] = {MANIFEST: packed[MANIFEST]}

    @property
    def hospitals(self) -> set[str]:
        """Keys of those of which an update is kept, be it of this round or of an earlier one."""
        return set(self._in_memory)

    def updates(self, hospitals: Sequence[str], samples: Sequence[int]) -> Updates:
        """Return the updates of hospitals, in configured order, with the training slices of each."""
        return Updates(hospitals, samples, lambda: self._read(hospitals))

    def close(self) -> None:
        """Give the room back."""
        if self._file:
            self._file.close()

    def _write(self, hospital: str, block: memoryview) -> None:
        """Write a block where the hospital's last one was, if it has the same length, else behind all others."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._parent, buffering=0)  # noqa: SIM115
        start, length = self._places.get(hospital, (0, -1))
        if length != len(block):
            start = max((start + length for start, length in self._places.values()), default=0)
        self._file.seek(start)
        self._places[hospital] = (start, len(block))
        while block:
            block = block[self._file.write(block) :]

    def _read(self, hospitals: Sequence[str]) -> Iterator[Arrays]:
        for hospital in hospitals:
            kept = self._in_memory[hospital]
            on_disk = MANIFEST in kept and self._file is not None
            yield unpack(kept | {BLOCK: self._block(hospital)}, copied=False) if on_disk else kept

    def _block(self, hospital: str) -> np.ndarray:
        """Map a block into memory, to be read only; the system takes it back when nobody reads it any more."""
        assert self._file is not None
        start, length = self._places[hospital]
        return np.memmap(self._file, np.uint8, "r", start, (length,)).view(np.ndarray)
