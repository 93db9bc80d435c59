"""Send messages to hospitals and wait for their answers: with a deadline, within the cores, and ready to stop."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flwr.app import Message
from flwr.serverapp import Grid

from common.errors import Interrupted, RunError

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Request:
    """One message to one hospital.

    Attributes
    ----------
    hospital : str
        The hospital's key; empty while the server asks who is there.
    message : Message
        What to send.
    cores : int
        Cores it occupies while it is answered; 0 on machines of their own.
    """

    hospital: str
    message: Message
    cores: int = 0


class Exchange:
    """The server's line to its hospitals.

    Parameters
    ----------
    grid : Grid
        Flower's grid, of a simulation or of a SuperLink.
    stop : threading.Event
        Set from outside to end the run.
    cores : int
        Cores that simulated hospitals share; 0 sends everything at once.
    on_wait : callable, optional
        Called while waiting, several times a second; shows progress.
    """

    def __init__(
        self, grid: Grid, stop: threading.Event, cores: int = 0, on_wait: Callable[[], None] | None = None
    ) -> None:
        self.grid = grid
        self._stop = stop
        self._cores = cores
        self._on_wait = on_wait

    def wait_for_hospitals(self, count: int, seconds: float) -> list[int]:
        """Wait until `count` nodes are there.

        Flower's FedAvg counts the nodes before it waits for them, and so may train without the last to register.

        Returns
        -------
        list of int
            Node numbers, sorted.

        Raises
        ------
        RunError
            ``RUN011`` if they are not there in time.
        """
        deadline = time.monotonic() + seconds
        while len(nodes := sorted(self.grid.get_node_ids())) < count:
            if time.monotonic() > deadline:
                raise RunError(
                    "RUN011",
                    f"Only {len(nodes)} of {count} hospitals were there after {seconds:.0f} s; "
                    "start the others, or raise strategy.wait_seconds.",
                )
            self._pause()
        return nodes

    def ask(self, requests: Sequence[Request], timeout_seconds: float) -> Iterator[tuple[Request, Message | None]]:
        """Send every request and yield each with its answer, as they arrive.

        Requests start in the given order, each as soon as its cores are free.

        Yields
        ------
        tuple of (Request, Message or None)
            None where no answer came in time.

        Raises
        ------
        Interrupted
            If the run was asked to stop.
        """
        deadline = time.monotonic() + timeout_seconds
        waiting = deque(requests)
        under_way: dict[str, Request] = {}
        while waiting or under_way:
            self._start(waiting, under_way)
            for reply in list(self.grid.pull_messages(list(under_way))):
                # an error's sender may be wrong (Flower reports a lost node as node 1); what it answers is not
                yield under_way.pop(reply.metadata.reply_to_message_id), reply
            if time.monotonic() > deadline:
                break
            if under_way:
                self._pause()
        for request in [*under_way.values(), *waiting]:
            yield request, None

    def _start(self, waiting: deque[Request], under_way: dict[str, Request]) -> None:
        """Push what fits into the cores; one that needs more than there are runs alone."""
        while waiting:
            used = sum(request.cores for request in under_way.values())
            if under_way and used + waiting[0].cores > self._cores > 0:
                return
            request = waiting.popleft()
            (message_id,) = self.grid.push_messages([request.message])
            under_way[message_id] = request

    def _pause(self) -> None:
        if self._on_wait:
            self._on_wait()
        if self._stop.wait(_POLL_SECONDS):
            raise Interrupted("RUN130", "The run was stopped.")
