"""Send messages to hospitals and wait for their answers: with a deadline, within the cores, and ready to stop.

Which hospital stands behind a node: on separate machines the one whose key the node proved to hold.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flwr.app import Error, Message
from flwr.common.constant import ErrorCode
from flwr.serverapp import Grid

from common.errors import Interrupted


@dataclass(frozen=True)
class Node:
    """A SuperNode that is connected.

    Attributes
    ----------
    number : int
        Flower's number; it changes when a key is registered anew.
    hospital : str
        The hospital's key as registered with the node's public key; empty where nothing is registered (simulation,
        insecure mode): then a hospital is what it says of itself.
    since : str
        When it last connected, ISO 8601; what was sent to it before is lost.
    """

    number: int
    hospital: str = ""
    since: str = ""


Who = Callable[[Grid], list[Node]]


def unknown_nodes(grid: Grid) -> list[Node]:
    """Return the connected nodes without names, as a simulation has them."""
    return [Node(number) for number in sorted(grid.get_node_ids())]


def registered_names(grid: Grid) -> list[Node]:
    """Return the connected nodes with the names under which their keys are registered.

    Flower checks each request's signature against the registered key (``NodeAuthMiddleware``), so that this name is
    what the node proved and not what it says.
    """
    nodes = grid.get_nodes()
    found = [Node(int(node.node_id), str(node.name), str(node.last_activated_at)) for node in nodes]
    return sorted(found, key=lambda node: node.number)


_POLL_SECONDS = 0.05  # between processes of one machine
_REMOTE_POLL_SECONDS = 0.5
_RECONNECT_SECONDS = 5.0
_LARGEST_RESENDS = 2
_GRACE_SECONDS = 30.0  # for a node that is gone to come back before its part of the round is given up
_AGAIN_AND_AGAIN = "it was restarted again and again while at work"
_RESTARTED = 1  # an error code of this project's own making; its reason is what counts


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


@dataclass
class _UnderWay:
    """A request that was sent: when its node had connected by then, how often it was sent again, and if it is away."""

    request: Request
    since: str
    resends: int = 0
    error: Message | None = None
    until: float = 0.0

    @property
    def node(self) -> int:
        """Flower's number of the node that was asked."""
        return int(self.request.message.metadata.dst_node_id)

    @property
    def is_overdue(self) -> bool:
        """Whether a node that is away has been waited for long enough."""
        return time.monotonic() > self.until


def node_is_gone(reply: Message) -> bool:
    """Tell whether Flower answers in place of a node that it has lost."""
    return bool(reply.has_error() and reply.error.code == ErrorCode.NODE_UNAVAILABLE)


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
    who : Who
        Lists the connected nodes.
    """

    def __init__(
        self,
        grid: Grid,
        stop: threading.Event,
        cores: int = 0,
        on_wait: Callable[[], None] | None = None,
        who: Who = unknown_nodes,
    ) -> None:
        self.grid = grid
        self._stop = stop
        self._cores = cores
        self._on_wait = on_wait
        self._who = who
        self._poll_seconds = _POLL_SECONDS if cores else _REMOTE_POLL_SECONDS

    def nodes(self) -> list[Node]:
        """Return the connected nodes, by number."""
        return self._who(self.grid)

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
        under_way: dict[str, _UnderWay] = {}
        away: list[_UnderWay] = []
        looked = time.monotonic()
        while waiting or under_way or away:
            self._start(waiting, under_way)
            for message_id in list(under_way):  # one at a time: no more than one answer is in memory here
                self._heed_stop()
                for reply in self.grid.pull_messages([message_id]):
                    # an error's sender may be wrong (Flower reports a lost node as node 1); what it answers is not
                    answered = under_way.pop(reply.metadata.reply_to_message_id)
                    self._start(waiting, under_way)  # no core waits until the server has looked at the answer
                    if node_is_gone(reply) and not self._cores:
                        answered.error, answered.until = reply, time.monotonic() + _GRACE_SECONDS
                        away.append(answered)
                    else:
                        yield answered.request, reply
            if time.monotonic() > deadline:
                break
            if not self._cores and time.monotonic() - looked > _RECONNECT_SECONDS:
                yield from self._send_again(under_way, away)
                looked = time.monotonic()
            if under_way or away:
                self.pause()
        yield from ((sent.request, sent.error) for sent in away)
        for request in [*(sent.request for sent in under_way.values()), *waiting]:
            yield request, None

    def _start(self, waiting: deque[Request], under_way: dict[str, _UnderWay]) -> None:
        """Push what fits into the cores; one that needs more than there are runs alone."""
        since = {} if self._cores or not waiting else {node.number: node.since for node in self.nodes()}
        while waiting:
            used = sum(sent.request.cores for sent in under_way.values())
            if under_way and used + waiting[0].cores > self._cores > 0:
                return
            request = waiting.popleft()
            number = request.message.metadata.dst_node_id
            (message_id,) = self.grid.push_messages([request.message])
            under_way[message_id] = _UnderWay(request, since.get(number, ""))

    def _send_again(
        self, under_way: dict[str, _UnderWay], away: list[_UnderWay]
    ) -> list[tuple[Request, Message | None]]:
        """A node that has connected anew has forgotten what it was asked: ask it again; the answer is the same.

        Returns
        -------
        list of tuple of (Request, Message)
            What is given up, because its node stays away or restarts again and again.
        """
        since = {node.number: node.since for node in self.nodes()}
        forgotten = []
        for message_id, sent in list(under_way.items()):
            if since.get(sent.node, sent.since) != sent.since:
                forgotten.append(under_way.pop(message_id))
        forgotten += [sent for sent in away if sent.node in since]
        given_up = [(sent.request, sent.error) for sent in away if sent.node not in since and sent.is_overdue]
        away[:] = [sent for sent in away if sent.node not in since and not sent.is_overdue]
        for sent in forgotten:
            if sent.resends >= _LARGEST_RESENDS:
                error = Message(Error(_RESTARTED, _AGAIN_AND_AGAIN), reply_to=sent.request.message)
                given_up.append((sent.request, sent.error or error))
                continue
            old = sent.request.message
            message = Message(old.content, dst_node_id=sent.node, message_type=old.metadata.message_type)
            (message_id,) = self.grid.push_messages([message])
            request = Request(sent.request.hospital, message, sent.request.cores)
            under_way[message_id] = _UnderWay(request, since[sent.node], sent.resends + 1)
        return given_up

    def pause(self) -> None:
        """Wait a moment.

        Raises
        ------
        Interrupted
            If the run was asked to stop.
        """
        if self._on_wait:
            self._on_wait()
        self._stop.wait(self._poll_seconds)
        self._heed_stop()

    def _heed_stop(self) -> None:
        if self._stop.is_set():
            raise Interrupted("RUN130", "The run was stopped.")
