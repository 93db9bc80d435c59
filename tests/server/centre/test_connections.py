"""Room for connections: a flood finds its own limits, and hospitals and the centre's machine find room."""

import asyncio
import errno
import signal
import socket

import psutil
import pytest

from server.centre.connection_rates import ConnectionRates
from server.centre.connections import Connections, Limits, network_of

LIMITS = Limits(strangers=20, an_address=8, a_hospital=3, the_centre=3)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Line:
    """A socket, as far as it is looked at."""

    def __init__(self, own="10.0.0.1"):
        self.own, self.is_shut = own, False

    def getsockname(self):
        return self.own, 8443

    def shutdown(self, how):
        self.is_shut = True


class Crowd:
    """Opens connections and remembers their lines."""

    def __init__(self, limits=LIMITS):
        self.clock = Clock()
        self.connections = Connections(limits, self.clock)
        self.lines = {}

    def come(self, address, port):
        line = self.lines[address, port] = Line()
        return self.connections.admit(line, (address, port))

    def open(self, address=None):
        return [peer for peer, line in self.lines.items() if not line.is_shut and address in (None, peer[0])]

    def sign(self, address, port, hospital="aiims"):
        self.connections.belongs_to_hospital((address, port), hospital)


def test_one_address_has_its_own_room_and_the_oldest_of_it_goes():
    crowd = Crowd()
    for port in range(30):
        crowd.come("10.0.0.7", port)
    assert crowd.open() == [("10.0.0.7", port) for port in range(22, 30)]
    assert len(crowd.connections) == 8


def test_when_strangers_fill_their_room_the_address_that_holds_most_gives_way():
    crowd = Crowd()
    for address in range(3):
        for port in range(8):
            crowd.come(f"10.0.1.{address}", port)
    assert len(crowd.connections) == 20
    crowd.come("10.0.0.9", 1)
    for port in range(8, 40):
        crowd.come("10.0.1.0", port)
    assert crowd.open("10.0.0.9") == [("10.0.0.9", 1)]
    assert len(crowd.connections) == 20


def test_a_thousand_addresses_shut_out_no_hospital_and_not_the_centre():
    crowd = Crowd(Limits())
    crowd.come("10.0.0.2", 1)
    crowd.sign("10.0.0.2", 1)
    crowd.come("127.0.0.1", 1)
    crowd.connections.belongs_to_centre(("127.0.0.1", 1))
    admitted = [crowd.come(f"10.{number // 250}.9.{number % 250}", 5) for number in range(5000)]
    assert sum(admitted) == 999, "with the hospital at first, a burst of strangers, and then no more than the rate"
    assert len(crowd.connections) == Limits().strangers + 2
    assert crowd.open("10.0.0.2")
    assert crowd.open("127.0.0.1")
    assert crowd.come("10.0.0.2", 2), "an address from which a hospital signed is counted by itself"
    assert crowd.come("127.0.0.1", 2), "the centre's own machine is not counted"
    assert crowd.come("10.0.0.1", 2), "by its outer address neither"


def test_a_hospital_gets_in_from_the_very_address_of_the_flood():
    crowd = Crowd(Limits())
    crowd.come("10.0.0.7", 1)
    crowd.sign("10.0.0.7", 1)
    for port in range(2, 4000):
        crowd.come("10.0.0.7", port)
    crowd.clock.now += 0.1
    assert crowd.come("10.0.0.7", 5000)
    crowd.sign("10.0.0.7", 5000)
    for port in range(6000, 6100):
        crowd.come("10.0.0.7", port)
    assert {("10.0.0.7", 1), ("10.0.0.7", 5000)} <= set(crowd.open())


def test_owners_have_their_own_limits_and_what_is_quiet_goes_first():
    crowd = Crowd()
    for port in range(3):
        crowd.come("10.0.0.2", port)
        crowd.sign("10.0.0.2", port)
        crowd.sign("10.0.0.2", port)
    crowd.connections.request_began(("10.0.0.2", 0))
    crowd.come("10.0.0.2", 3)
    crowd.sign("10.0.0.2", 3)
    assert crowd.open() == [("10.0.0.2", 0), ("10.0.0.2", 2), ("10.0.0.2", 3)]
    for port in range(5):
        crowd.come("127.0.0.1", port)
        crowd.connections.belongs_to_centre(("127.0.0.1", port))
    assert len(crowd.open("127.0.0.1")) == 3


def test_who_says_nothing_is_sent_away_and_who_is_answered_is_not_waited_for():
    crowd = Crowd(Limits())
    for port in range(5):
        crowd.come("10.0.0.7", port)
    crowd.sign("10.0.0.7", 0)
    crowd.connections.request_began(("10.0.0.7", 1))
    crowd.connections.request_began(("10.0.0.7", 2))
    crowd.connections.request_ended(("10.0.0.7", 2))
    crowd.clock.now += 1.5
    crowd.connections.tick()
    assert ("10.0.0.7", 2) not in crowd.open(), "it was answered"
    crowd.clock.now += 14
    crowd.connections.tick()
    assert crowd.open() == [("10.0.0.7", 0), ("10.0.0.7", 1)], "a hospital's, and one that is being answered"
    crowd.clock.now += 120
    crowd.connections.tick()
    assert crowd.open() == [("10.0.0.7", 1)]


def test_a_long_answer_is_not_cut_when_the_request_before_it_is_through_only_now():
    crowd = Crowd(Limits())
    crowd.come("127.0.0.1", 1)
    crowd.connections.request_began(("127.0.0.1", 1))
    crowd.connections.belongs_to_centre(("127.0.0.1", 1))
    crowd.connections.request_began(("127.0.0.1", 1))
    crowd.connections.request_ended(("127.0.0.1", 1))
    crowd.clock.now += 10_000
    crowd.connections.tick()
    assert crowd.open()


def test_once_tls_stands_the_whole_transport_is_ended():
    crowd, ended = Crowd(), []
    crowd.come("10.0.0.7", 1)
    crowd.connections.is_secure(("10.0.0.7", 1), lambda: ended.append(1))
    crowd.clock.now += 16
    crowd.connections.tick()
    assert ended == [1]
    assert not crowd.lines["10.0.0.7", 1].is_shut


def test_a_closed_connection_is_forgotten_and_one_that_took_its_port_is_not():
    crowd = Crowd()
    crowd.come("10.0.0.7", 1)
    old = crowd.lines["10.0.0.7", 1]
    crowd.connections.release(old, ("10.0.0.7", 1))
    assert len(crowd.connections) == 0
    crowd.come("10.0.0.7", 1)
    crowd.connections.release(old, ("10.0.0.7", 1))
    assert len(crowd.connections) == 1
    crowd.connections.request_ended(("10.0.0.8", 1))
    crowd.sign("10.0.0.8", 1)
    crowd.connections.belongs_to_centre(None)
    assert len(crowd.connections) == 1


def test_rates_fill_up_again_and_remember_few_addresses():
    clock = Clock()
    rates = ConnectionRates(clock)
    assert sum(rates.allow("10.0.0.7") for _ in range(1000)) == 100
    clock.now += 1
    assert sum(rates.allow("10.0.0.7") for _ in range(1000)) == 5
    rates.trust("10.0.0.7")
    assert sum(rates.allow("10.0.0.7") for _ in range(2000)) == 1000
    clock.now += 3601
    assert sum(rates.allow("10.0.0.7") for _ in range(2000)) == 100, "an hour later it is one like others"
    for number in range(10_000):
        rates.allow(f"address {number}")
        rates.trust(f"hospital {number}")
    assert len(rates._buckets) <= 4096
    assert len(rates._known) <= 4096


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("::1", "::1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_machine_has_a_whole_network_of_addresses(address, network):
    assert network_of(address) == network


def test_a_burst_is_accepted_in_small_portions_so_that_closed_lines_go_before_the_next_come():
    """By the real listener under asyncio: a thousand connections at once never hold many more files than the limit."""
    from server.centre import listener
    from server.centre.refusals import Refusals

    async def burst():
        connections = Connections(LIMITS)
        (listening,) = listener.take_addresses("127.0.0.1", 0, connections, Refusals(lambda _: None))
        most = 0

        class Quiet(asyncio.Protocol):
            def connection_made(self, transport):
                nonlocal most
                most = max(most, psutil.Process().num_fds())

        loop = asyncio.get_running_loop()
        backlog = listener.SETTINGS["backlog"]
        server = await loop.create_server(Quiet, sock=listening, backlog=backlog)
        lines = [socket.create_connection(listening.getsockname()) for _ in range(300)]
        before = psutil.Process().num_fds()
        await asyncio.sleep(0.5)
        held = len(connections)
        for line in lines:
            line.close()
        for _ in range(50):
            await asyncio.sleep(0.1 if len(connections) else 0)
        server.close()
        return most - before, held, len(connections)

    most, held, left = asyncio.run(burst())
    assert held == LIMITS.an_address
    assert left == 0, "whoever leaves is forgotten"
    assert most < 100


def test_nobody_can_connect_before_the_application_has_started():
    """Its start registers the keys; who came in before would find itself unknown."""
    from server.centre import listener
    from server.centre.refusals import Refusals
    from tests.deployment.harness import free_port

    port, tried = free_port(), []

    def connect():
        with socket.socket() as line:
            tried.append(line.connect_ex(("127.0.0.1", port)))

    async def application(scope, receive, send):
        await receive()
        connect()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    def tick():
        connect()
        signal.raise_signal(signal.SIGINT)

    refusals = Refusals(lambda _: None)
    listener.serve(application, "127.0.0.1", port, Connections(LIMITS), refusals, tick, lifespan="on")
    assert tried[0] == errno.ECONNREFUSED
    assert tried[1] == 0
