"""A round's updates on disk until they are combined, so that the server's memory does not grow with the hospitals.

Flower's strategies take all answers at once, and sum them in the order of arrival. A sum needs one update at a time
(see `server.strategies.updates`); a strategy that needs more than sums gets the answers in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from flwr.app import Message

from common.errors import RunError
from common.model.weights import Arrays
from common.protocol import names
from common.protocol.codec import pack, unpack
from server.strategies.updates import Updates


class Parking:
    """Files of one run's updates.

    Parameters
    ----------
    parent : Path
        Folder to make them in; they go when the run ends.
    """

    def __init__(self, parent: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(dir=parent, prefix=".updates-")
        self._manifests: dict[str, str] = {}

    def put(self, hospital: str, reply: Message) -> None:
        """Move an answer's arrays to disk; the answer keeps its figures.

        Raises
        ------
        RunError
            ``DISK001`` if there is no room.
        """
        block, manifest = pack({name: array.numpy() for name, array in reply.content.pop(names.ARRAYS).items()})
        path = self._path(hospital)
        try:
            block.tofile(path)
        except OSError as error:
            raise RunError(
                "DISK001", f"{path.parent} cannot hold an update ({error.strerror}); make room, then resume the run."
            ) from None
        self._manifests[hospital] = manifest

    def updates(self, hospitals: Sequence[str], samples: Sequence[int]) -> Updates:
        """Return the updates of hospitals, in configured order, with the training slices of each."""
        return Updates(hospitals, samples, lambda: self._read(hospitals))

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()

    def _read(self, hospitals: Sequence[str]) -> Iterator[Arrays]:
        for hospital in hospitals:
            yield unpack(np.fromfile(self._path(hospital), dtype=np.uint8), self._manifests[hospital])

    def _path(self, hospital: str) -> Path:
        return Path(self._folder.name) / hospital
