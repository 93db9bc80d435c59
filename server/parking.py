"""A round's updates on disk until they are averaged, so that the server's memory does not grow with the hospitals.

Flower's strategies take all answers at once (``FedAvg.aggregate_train(replies)`` in flwr 1.41's
serverapp/strategy/fedavg.py; ``aggregate_arrayrecords`` in strategy_utils.py sums them in the order of arrival).
FedAvg's sum needs one update at a time. Here it runs in configured order over files, operation for operation as
Flower's, so that the result is the same to the bit; a strategy that needs more than the sum gets the answers in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from flwr.app import Message
from flwr.serverapp.strategy import FedAvg, Strategy

from common import wire
from common.errors import RunError
from common.packing import pack, unpack
from common.weights import Arrays, average_buffers, is_weight


def sums_only(strategy: Strategy) -> bool:
    """Tell whether a strategy combines updates as plain FedAvg does."""
    return type(strategy).aggregate_train is FedAvg.aggregate_train


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
        block, manifest = pack({name: array.numpy() for name, array in reply.content.pop(wire.ARRAYS).items()})
        path = self._path(hospital)
        try:
            block.tofile(path)
        except OSError as error:
            raise RunError(
                "DISK001", f"{path.parent} cannot hold an update ({error.strerror}); make room, then resume the run."
            ) from None
        self._manifests[hospital] = manifest

    def average(
        self, hospitals: Sequence[str], samples: Sequence[int], reference: Mapping[str, npt.NDArray[np.generic]]
    ) -> Arrays:
        """Average updates, weighted by samples; BatchNorm's buffers as what they are.

        Parameters
        ----------
        hospitals : sequence of str
            In configured order, which is the order of the sum.
        samples : sequence of int
            Training slices of each.
        reference : mapping of str to ndarray
            The model that was sent; gives order and dtypes.

        Returns
        -------
        dict of str to ndarray
            The new global model.
        """
        total = sum(samples)
        sums: Arrays = {}
        buffers = []
        for update, count in zip(self._updates(hospitals), samples, strict=True):
            buffers.append({name: value for name, value in update.items() if not is_weight(name)})
            for name, value in update.items():
                if is_weight(name):
                    part = value * (count / total)  # type: ignore[operator]
                    sums[name] = part if name not in sums else np.add(sums[name], part, out=sums[name])
        sums |= average_buffers(buffers, samples)
        return {name: np.asarray(sums[name]).astype(value.dtype) for name, value in reference.items()}

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()

    def _updates(self, hospitals: Sequence[str]) -> Iterator[Arrays]:
        for hospital in hospitals:
            yield unpack(np.fromfile(self._path(hospital), dtype=np.uint8), self._manifests[hospital])

    def _path(self, hospital: str) -> Path:
        return Path(self._folder.name) / hospital
