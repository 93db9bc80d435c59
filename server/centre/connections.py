"""Who may hold a connection to the centre's port: a flood of strangers shuts out neither a hospital nor the centre.

A connection belongs to a stranger until a request on it was signed by a registered hospital, or came from the centre's
own machine. Strangers have a room of their own; where it is full, the oldest stranger of the address that holds most
goes, so that whoever comes next is heard. Times are seconds that never go back.
"""

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv6Address, ip_address

from common.addresses import is_loopback
from server.centre.connection_rates import ConnectionRates

Peer = tuple[str, int]  # address and port; the same for a socket and for the requests on it


@dataclass(frozen=True)
class Limits:
    """How much room there is, and for how long."""

    strangers: int = 256
    """Connections of strangers, in all."""
    an_address: int = 64
    """Connections of strangers, from one address."""
    a_hospital: int = 32
    """Connections with one hospital's key; its SuperNode needs about four."""
    the_centre: int = 256
    """Connections of the centre's own programs."""
    first_request_seconds: float = 15.0
    """For TLS and the first request's headers."""
    farewell_seconds: float = 1.0
    """For a stranger to take an answer."""
    idle_seconds: float = 120.0
    """Between two requests of a hospital, or within the second one's headers."""


@dataclass
class Connection:
    """One peer's."""

    line: socket.socket
    end: Callable[[], object]
    """Ends it under the server's feet, which then clears up as when the peer has gone."""
    group: str
    """Who shares its room: a stranger's address, or the owner."""
    is_owned: bool
    quiet_since: float
    """When it was accepted, or its last request was answered."""
    requests: int = 0
    """Being answered now: the next one may begin before the last one is quite through."""
    is_answered: bool = False


class Connections:
    """Every open connection, and what follows from the limits."""

    def __init__(self, limits: Limits = Limits(), clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._rates = ConnectionRates(clock)
        self._open: dict[Peer, Connection] = {}
        self._strangers: dict[str, dict[Peer, Connection]] = {}  # by address; the oldest first
        self._owned: dict[str, dict[Peer, Connection]] = {}  # by owner; the oldest first

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def admit(self, line: socket.socket, peer: Peer) -> bool:
        """Take in a new connection, if need be in an older stranger's place; False if strangers come too often."""
        address = network_of(peer[0])
        if not (is_loopback(address) or _is_own(line, address) or self._rates.allow(address)):
            return False
        made = self._open[peer] = Connection(line, partial(_shut, line), address, False, self._clock())
        self._strangers.setdefault(address, {})[peer] = made
        self._make_room(self._strangers[address], self._limits.an_address)
        if sum(map(len, self._strangers.values())) > self._limits.strangers:
            largest = max(self._strangers.values(), key=len)
            self._make_room(largest, len(largest) - 1)
        return True

    def release(self, line: socket.socket, peer: Peer) -> None:
        """Forget a connection that was closed."""
        found = self._open.get(peer)
        if found and found.line is line:
            self._forget(peer)

    def is_secure(self, peer: Peer | None, end: Callable[[], object]) -> None:
        """Note that TLS stands; from now on `end` ends the connection at once, whatever is still on its way."""
        if peer and (found := self._open.get(peer)):
            found.end = end

    def request_began(self, peer: Peer | None) -> None:
        """Note that a request's headers are there."""
        if peer and (found := self._open.get(peer)):
            found.requests += 1

    def request_ended(self, peer: Peer | None) -> None:
        """Note that a request was answered."""
        if peer and (found := self._open.get(peer)):
            found.requests -= 1
            found.quiet_since, found.is_answered = self._clock(), True

    def belongs_to_hospital(self, peer: Peer | None, hospital: str) -> None:
        """Note that a registered hospital signed a request: the connection is no stranger's any more."""
        if peer and peer in self._open:
            self._rates.trust(network_of(peer[0]))
            self._give(peer, f"hospital {hospital}", self._limits.a_hospital)

    def belongs_to_centre(self, peer: Peer | None) -> None:
        """Note that a request came from the centre's own machine."""
        if peer and peer in self._open:
            self._give(peer, "centre", self._limits.the_centre)

    def tick(self) -> None:
        """Close what has been quiet for too long."""
        now = self._clock()
        for peer, each in list(self._open.items()):
            if not each.requests and now - each.quiet_since > self._patience(each):
                self._close(peer)

    def _patience(self, each: Connection) -> float:
        if each.is_owned:
            return self._limits.idle_seconds
        return self._limits.farewell_seconds if each.is_answered else self._limits.first_request_seconds

    def _give(self, peer: Peer, owner: str, most: int) -> None:
        found = self._open[peer]
        if found.is_owned and found.group == owner:
            return
        self._forget(peer)
        found.group, found.is_owned = owner, True
        self._open[peer] = self._owned.setdefault(owner, {})[peer] = found
        self._make_room(self._owned[owner], most)

    def _make_room(self, group: dict[Peer, Connection], most: int) -> None:
        """Close the oldest of a group, quiet ones first, until it is small enough."""
        excess = len(group) - most
        if excess > 0:
            for peer in sorted(group, key=lambda each: group[each].requests > 0)[:excess]:
                self._close(peer)

    def _close(self, peer: Peer) -> None:
        end = self._open[peer].end
        self._forget(peer)
        end()

    def _forget(self, peer: Peer) -> None:
        found = self._open.pop(peer)
        groups = self._owned if found.is_owned else self._strangers
        del groups[found.group][peer]
        if not groups[found.group]:
            del groups[found.group]


def _shut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def network_of(address: str) -> str:
    """Return an address as far as one machine has it: an IPv4 address, or the /64 network of an IPv6 one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address) or found.is_loopback:
        return str(found)
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))


def _is_own(line: socket.socket, address: str) -> bool:
    try:
        return network_of(str(line.getsockname()[0])) == address
    except OSError:
        return False
