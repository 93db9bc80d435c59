"""A grid that only says who is there, for Flower's strategies, which sample from a grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flwr.app import Message
from flwr.serverapp import Grid
from flwr.supercore.run import Run


class Present(Grid):
    """What a strategy samples from.

    Parameters
    ----------
    nodes : sequence of int
        Of the hospitals that take part and are there.
    """

    def __init__(self, nodes: Sequence[int]) -> None:
        self._nodes = list(nodes)

    def get_node_ids(self) -> Iterable[int]:
        """Return the present hospitals' nodes."""
        return self._nodes

    def set_run(self, run: Run) -> None:
        """Do nothing."""

    @property
    def run(self) -> Run:
        """Nothing to tell."""
        raise NotImplementedError

    def create_message(self, *args: object, **kwargs: object) -> Message:
        """Refuse: messages go through `Exchange`."""
        raise NotImplementedError

    push_messages = pull_messages = send_and_receive = create_message
