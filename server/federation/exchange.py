"""Send messages to hospitals and wait for their answers: with a deadline, within the cores, and ready to stop.

This is the server's edge to Flower: what goes in and comes out are plain records (see `common.protocol.messages`).
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MessageType, RecordDict
from flwr.common.constant import SType
from flwr.serverapp import Grid

from common.errors import Interrupted
from common.model.weights import AnyArray
from common.protocol import names
from common.protocol.codec import as_npy, payload_bytes
from common.protocol.messages import Record, Records
from server.federation.replies import UNDECODABLE, Reply, reply_of

_POLL_SECONDS = 0.05  # between processes of one machine
_REMOTE_POLL_SECONDS = 0.5
_RECONNECT_SECONDS = 5.0
_MOST_RESENDS = 2
_GRACE_SECONDS = 30.0  # for a node that is gone to come back before its part of the round is given up
_AGAIN_AND_AGAIN = "it was restarted again and again while at work"
_ARRAY_RECORDS = (names.ARRAYS, names.CONTROL, names.REFERENCE, names.LIKENESS)


@dataclass(frozen=True)
class Node:
    """A SuperNode that is connected."""

    number: int  # Flower's; it changes when a key is registered anew
    hospital: str = ""  # its key, as registered with the node's public key; empty where nothing is registered
    since: str = ""  # when it last connected, ISO 8601; what was sent to it before is lost


FindNodes = Callable[[Grid], list[Node]]


def anonymous_nodes(grid: Grid) -> list[Node]:
    """Return the connected nodes without names, as a simulation has them."""
    return [Node(number) for number in sorted(grid.get_node_ids())]


@dataclass(frozen=True)
class Place:
    """Where the hospitals of a run are: on this machine, or each on its own."""

    simulated: bool
    cores: int = 0  # that simulated hospitals share
    threads: int | None = None  # of each hospital; None shares the cores by size, or leaves it to the hospital

    @property
    def threads_alone(self) -> int:
        """Threads of a hospital that works while no other does; 0 leaves that to it."""
        return min(self.threads or self.cores, self.cores) if self.simulated else self.threads or 0


SEPARATE_MACHINES = Place(simulated=False)


@dataclass(frozen=True)
class Request:
    """One message to one hospital."""

    hospital: str  # its key; empty while the server asks who is there
    node: int
    kind: str  # Flower's message type, such as "train" or "query.fingerprints"
    records: Records
    cores: int = 0  # that it occupies while it is answered
    whole: Records | None = None  # what to send instead if the hospital does not have the model that is named

    @property
    def most(self) -> Records:
        """The records with the whole model, by whose size an answer is measured."""
        return self.whole or self.records


@dataclass
class Traffic:
    """Bytes of tensors that went to a hospital and came from it."""

    down: int = 0
    up: int = 0


@dataclass
class _Sent:
    """A request under way: when its node had connected by then, how often it was sent again, and if it is away."""

    request: Request
    since: str
    resends: int = 0
    error: Reply | None = None
    until: float = 0.0


class Exchange:
    """The server's line to its hospitals.

    Parameters
    ----------
    grid : Grid
        Flower's grid, of a simulation or of a SuperLink.
    stop : threading.Event
        Set from outside to end the run.
    place : Place
        Simulated hospitals start as cores get free; on machines of their own, everything is sent at once.
    on_wait : callable, optional
        Called while waiting, several times a second; shows progress.
    find_nodes : callable
        Lists the connected nodes.
    """

    def __init__(
        self,
        grid: Grid,
        stop: threading.Event,
        place: Place = SEPARATE_MACHINES,
        on_wait: Callable[[], None] | None = None,
        find_nodes: FindNodes = anonymous_nodes,
    ) -> None:
        self.grid = grid
        self.place = place
        self._stop = stop
        self._on_wait = on_wait
        self._find_nodes = find_nodes
        self._poll_seconds = _POLL_SECONDS if place.simulated else _REMOTE_POLL_SECONDS
        self.on_whole: Callable[[str], None] = lambda hospital: None  # hears who is sent a whole model after all
        self.on_task: Callable[[str], None] = lambda hospital: None  # hears who is about to be sent a task
        self._last: dict[str, tuple[Record, ArrayRecord]] = {}
        self._traffic: dict[str, Traffic] = {}

    def nodes(self) -> list[Node]:
        """Return the connected nodes, by number."""
        return self._find_nodes(self.grid)

    def ask(self, requests: Sequence[Request], timeout_seconds: float) -> Iterator[tuple[Request, Reply | None]]:
        """Send every request and yield each with its answer as they arrive, None where none came in time.

        Requests start in the given order, each as soon as its cores are free.

        Raises
        ------
        Interrupted
            If the run was asked to stop.
        """
        deadline = time.monotonic() + timeout_seconds
        waiting = deque(requests)
        under_way: dict[str, _Sent] = {}
        away: list[_Sent] = []
        looked = time.monotonic()
        while waiting or under_way or away:
            self._start(waiting, under_way)
            for message_id in list(under_way):  # one at a time: no more than one answer is in memory here
                self._heed_stop()
                reply = self._pull(message_id, under_way[message_id].request)
                if reply is None:
                    continue
                self._heed_stop()  # who stops with the run has not failed
                sent = under_way.pop(message_id)
                if sent.request.whole and _lacks_model(reply):
                    self.on_whole(sent.request.hospital)
                    waiting.appendleft(replace(sent.request, records=sent.request.whole, whole=None))
                    continue
                self._start(waiting, under_way)  # no core waits until the server has looked at the answer
                if reply.lost and not self.place.simulated:
                    sent.error, sent.until = reply, time.monotonic() + _GRACE_SECONDS
                    away.append(sent)
                else:
                    yield sent.request, reply
            if time.monotonic() > deadline:
                break
            if not self.place.simulated and time.monotonic() - looked > _RECONNECT_SECONDS:
                yield from self._send_again(under_way, away)
                looked = time.monotonic()
            if under_way or away:
                self.pause()
        yield from ((sent.request, sent.error) for sent in away)
        for request in [*(sent.request for sent in under_way.values()), *waiting]:
            yield request, None

    def take_traffic(self) -> dict[str, Traffic]:
        """Return what was sent and received since this was last asked, by hospital; measured as it passes here."""
        found, self._traffic = self._traffic, {}
        return found

    def pause(self) -> None:
        """Wait a moment; raises `Interrupted` if the run was asked to stop."""
        if self._on_wait:
            self._on_wait()
        self._stop.wait(self._poll_seconds)
        self._heed_stop()

    def _heed_stop(self) -> None:
        if self._stop.is_set():
            raise Interrupted("RUN130", "The run was stopped.")

    def _start(self, waiting: deque[Request], under_way: dict[str, _Sent]) -> None:
        """Push what fits into the cores; one that needs more than there are runs alone."""
        since = {} if self.place.simulated or not waiting else {node.number: node.since for node in self.nodes()}
        while waiting:
            used = sum(sent.request.cores for sent in under_way.values())
            if self.place.simulated and under_way and used + waiting[0].cores > self.place.cores:
                return
            request = waiting.popleft()
            under_way[self._push(request)] = _Sent(request, since.get(request.node, ""))

    def _pull(self, message_id: str, request: Request) -> Reply | None:
        """Return the answer to a message, None if there is none yet.

        The answer is the one that the grid returns for it: an error's sender may be wrong (Flower reports a lost node
        as node 1), and what a message says of itself may come from anybody.
        """
        try:
            found = list(self.grid.pull_messages([message_id]))
        except UNDECODABLE as error:
            return Reply(error=f"its answer cannot be read ({type(error).__name__})")
        if not found:
            return None
        reply = reply_of(found[0], request.most)
        self._count(request).up += payload_bytes(reply.records.get(names.ARRAYS, {}))
        return reply

    def _push(self, request: Request) -> str:
        if request.kind.partition(".")[0] != MessageType.QUERY:
            self.on_task(request.hospital)
        content = RecordDict({name: self._encoded(name, record) for name, record in request.records.items()})
        message = Message(content, dst_node_id=request.node, message_type=request.kind)
        (message_id,) = self.grid.push_messages([message])
        self._count(request).down += sum(payload_bytes(request.records.get(name, {})) for name in _ARRAY_RECORDS)
        return message_id

    def _count(self, request: Request) -> Traffic:
        return self._traffic.setdefault(request.hospital, Traffic())

    def _encoded(self, name: str, record: Record) -> ArrayRecord | ConfigRecord:
        """Encode a record for Flower; a model goes to several hospitals and is encoded once."""
        if name not in _ARRAY_RECORDS:
            return ConfigRecord(dict(record))
        if name not in self._last or self._last[name][0] is not record:
            self._last[name] = record, ArrayRecord({key: _array(value) for key, value in record.items()})
        return self._last[name][1]

    def _send_again(self, under_way: dict[str, _Sent], away: list[_Sent]) -> list[tuple[Request, Reply | None]]:
        """Ask a node anew that has connected anew, since it has forgotten what it was asked; the answer is the same.

        Returns
        -------
        list of tuple of (Request, Reply)
            What is given up, because its node stays away or restarts again and again.
        """
        since = {node.number: node.since for node in self.nodes()}
        forgotten = []
        for message_id, sent in list(under_way.items()):
            if since.get(sent.request.node, sent.since) != sent.since:
                forgotten.append(under_way.pop(message_id))
        forgotten += [sent for sent in away if sent.request.node in since]
        now = time.monotonic()  # read once, so that nobody falls between the next two
        given_up = [sent for sent in away if sent.request.node not in since and now > sent.until]
        away[:] = [sent for sent in away if sent.request.node not in since and now <= sent.until]
        for sent in forgotten:
            if sent.resends >= _MOST_RESENDS:
                sent.error = sent.error or Reply(error=_AGAIN_AND_AGAIN)
                given_up.append(sent)
            else:
                again = _Sent(sent.request, since[sent.request.node], sent.resends + 1)
                under_way[self._push(sent.request)] = again
        return [(sent.request, sent.error) for sent in given_up]


def _array(value: AnyArray) -> Array:
    return Array(str(value.dtype), value.shape, SType.NUMPY, as_npy(value))


def _lacks_model(reply: Reply) -> bool:
    """Tell whether a hospital refused because it does not have the model that it was named."""
    return reply.records.get(names.REFUSAL, {}).get("code") == names.NO_MODEL
