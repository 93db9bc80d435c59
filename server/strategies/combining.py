"""What this project adds to a Flower strategy: updates that may lie on disk, and a memory that survives a restart."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from flwr.app import Array, ArrayRecord, Message, MessageType, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAvg

from common.errors import RunError
from common.model.weights import Arrays
from common.protocol import names
from server.strategies.updates import Updates

Memory = dict[str, Arrays]


class Combining(FedAvg):
    """A Flower strategy that can be resumed.

    Quorum, deadline and waiting are this project's (see `server.federation.rounds`), so Flower's own minima only steer
    its sampling, and are one.
    """

    # whether all updates must be in memory at once; otherwise they are summed from disk
    needs_all = False

    def combine(self, server_round: int, updates: Updates, reference: Mapping[str, npt.NDArray[np.generic]]) -> Arrays:
        """Combine a round's updates.

        Parameters
        ----------
        server_round : int
            Present round, from 1.
        updates : Updates
            Of the hospitals whose answer is usable; at least one.
        reference : mapping of str to ndarray
            The model that was sent; gives order and dtypes.

        Returns
        -------
        dict of str to ndarray
            The new global model.

        Raises
        ------
        RunError
            ``RUN012`` if the strategy gives no model.
        """
        combined = self._next_model(server_round, updates, reference)
        return {name: np.asarray(combined[name]).astype(value.dtype) for name, value in reference.items()}

    @abstractmethod
    def _next_model(
        self, server_round: int, updates: Updates, reference: Mapping[str, npt.NDArray[np.generic]]
    ) -> Arrays:
        """Return every tensor of the new model."""

    def companion(self) -> Arrays:
        """Return what travels to the hospitals beside the model when they train; usually nothing."""
        return {}

    def memory(self) -> Memory:
        """Return what the next round needs of the last ones, by name; empty before the first round."""
        return {}

    def recall(self, memory: Memory) -> None:
        """Take up what `memory` returned after the round before."""

    def _check_and_log_replies(
        self, replies: Iterable[Message], is_train: bool, validate: bool = True
    ) -> tuple[list[Message], list[Message]]:
        """Take all, and count nothing: what comes here was screened, and is often the one mean of several models."""
        return list(replies), []

    def _as_flower_does(self, server_round: int, models: Sequence[Arrays], samples: Sequence[int]) -> Arrays:
        """Let the Flower class combine models, as if they had just arrived."""
        replies = [_reply(model, count) for model, count in zip(models, samples, strict=True)]
        combined, _ = self.aggregate_train(server_round, replies)
        if combined is None:
            raise RunError("RUN012", f"The strategy gave no model in round {server_round}; see the log.")
        return {name: array.numpy() for name, array in combined.items()}


def flower_options() -> dict[str, int | str]:
    """Return how every Flower strategy is made here."""
    minima = {"min_train_nodes": 1, "min_evaluate_nodes": 1, "min_available_nodes": 1}
    keys = {"weighted_by_key": names.SAMPLES, "arrayrecord_key": names.ARRAYS, "configrecord_key": names.CONFIG}
    return {**minima, **keys}


def _reply(model: Arrays, samples: int) -> Message:
    arrays = ArrayRecord({name: Array(np.asarray(value)) for name, value in model.items()})
    content = RecordDict({names.ARRAYS: arrays, names.METRICS: MetricRecord({names.SAMPLES: samples})})
    return Message(content, dst_node_id=0, message_type=MessageType.TRAIN)
