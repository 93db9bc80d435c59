"""From the hospitals' updates to the next global model.

Flower's strategy combines the weights. BatchNorm's statistics and counters are no weights: whatever the strategy, they
are averaged as what they are (`common.weights.average_buffers`), so that no strategy can make a variance negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from flwr.app import Array, ArrayRecord, Message, RecordDict
from flwr.serverapp.strategy import Strategy

from common import wire
from common.errors import RunError
from common.weights import Arrays, average_buffers, is_weight


def aggregate(
    strategy: Strategy,
    server_round: int,
    replies: Sequence[Message],
    reference: Mapping[str, npt.NDArray[np.generic]],
) -> Arrays:
    """Combine checked updates.

    Parameters
    ----------
    strategy : Strategy
        Flower's, for the weights.
    server_round : int
        Present round.
    replies : sequence of Message
        Usable answers in configured order, so that the sums are reproducible. Their arrays are taken over.
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
    updates = [{name: array.numpy() for name, array in reply.content[wire.ARRAYS].items()} for reply in replies]
    samples = [int(reply.content[wire.METRICS][wire.SAMPLES]) for reply in replies]
    buffers = average_buffers(updates, samples)
    for reply, update in zip(replies, updates, strict=True):
        weights = {name: Array(value) for name, value in update.items() if is_weight(name)}
        reply.content = RecordDict({wire.ARRAYS: ArrayRecord(weights), wire.METRICS: reply.content[wire.METRICS]})
    combined, _ = strategy.aggregate_train(server_round, replies)
    if combined is None:
        raise RunError("RUN012", f"The strategy gave no model in round {server_round}; see the log.")
    return {
        name: buffers[name] if name in buffers else combined[name].numpy().astype(value.dtype)
        for name, value in reference.items()
    }
