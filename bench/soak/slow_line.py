"""A line that delays and loses, between a hospital and the centre's switch; for kernels without ``netem``.

The hospital's cable is taken out of the switch and put into a program that passes every frame on, late or not at all,
to a tap in the switch: ``python -m bench.soak.slow_line CABLE TAP MILLISECONDS LOSS SEED``, on the centre's machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import random
import selectors
import socket
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator

from tests.deployment.network import Network

_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
_SIOCETHTOOL = 0x8946
_OFFLOADS = (0x17, 0x1F, 0x24)  # checksums, TCP segments, generic segments: frames are to be what a cable carries
_ALL_PROTOCOLS, _OUTGOING, _SO_RCVBUFFORCE = 0x0003, 4, 33
_BUFFER, _FRAME = 64 * 2**20, 65_536
_TAP = "slow0"
_CENTRE = "centre"


@contextlib.contextmanager
def slow_line(network: Network, machine: str, *, milliseconds: float, loss: float, seed: int) -> Iterator[None]:
    """Make a machine's line slow for a while.

    Parameters
    ----------
    milliseconds : float
        Each way.
    loss : float
        Share of the frames that are lost, each way.
    """
    centre, cable = f"{network.prefix}-{_CENTRE}", network.links[machine]
    module = [sys.executable, "-m", "bench.soak.slow_line"]
    subprocess.run([*network.inside(machine), *module, "plain-frames", "eth0"], check=True, capture_output=True)
    _ip("-n", centre, "link", "set", cable, "nomaster")
    command = [*network.inside(_CENTRE), *module, cable, _TAP, str(milliseconds), str(loss), str(seed)]
    relay = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert relay.stdout is not None
        if not relay.stdout.readline():
            raise AssertionError("the slow line could not be made")
        _ip("-n", centre, "link", "set", _TAP, "master", "br0")
        _ip("-n", centre, "link", "set", _TAP, "up")
        yield
    finally:
        relay.terminate()  # the tap goes with it
        relay.wait()
        _ip("-n", centre, "link", "set", cable, "master", "br0")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Queue:
    """Frames under way in one direction."""

    def __init__(self, seconds: float, loss: float, luck: random.Random) -> None:
        self._seconds, self._loss, self._luck = seconds, loss, luck
        self._waiting: deque[tuple[float, bytes]] = deque()

    def put(self, frame: bytes, now: float) -> None:
        """Take a frame, or lose it."""
        if self._luck.random() >= self._loss:
            self._waiting.append((now + self._seconds, frame))

    def due(self, now: float) -> Iterator[bytes]:
        """Yield the frames whose time has come."""
        while self._waiting and self._waiting[0][0] <= now:
            yield self._waiting.popleft()[1]

    def pause(self, now: float) -> float:
        """Seconds until the next frame is due, a second at most."""
        return min(max(self._waiting[0][0] - now, 0.0), 1.0) if self._waiting else 1.0


def relay(cable: str, tap: str, seconds: float, loss: float, seed: int) -> None:
    """Pass frames on until killed."""
    luck = random.Random(seed)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
    wire.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    wire.bind((cable, 0))
    switch = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(switch, _TUNSETIFF, struct.pack("16sH14x", tap.encode(), _IFF_TAP | _IFF_NO_PI))
    with open(f"/proc/sys/net/ipv4/conf/{cable}/arp_ignore", "w") as file:
        file.write("8")  # this machine's own stack is not to answer on a cable that leads elsewhere
    wire.setblocking(False)
    os.set_blocking(switch, False)
    up, down = Queue(seconds, loss, luck), Queue(seconds, loss, luck)
    watch = selectors.DefaultSelector()
    watch.register(wire, selectors.EVENT_READ)
    watch.register(switch, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        for ready, _ in watch.select(min(up.pause(now), down.pause(now))):
            if ready.fileobj is wire:
                _take_from_wire(wire, up)
            else:
                _take_from_switch(switch, down)
        now = time.monotonic()
        for frame in up.due(now):
            with contextlib.suppress(OSError):
                os.write(switch, frame)
        for frame in down.due(now):
            with contextlib.suppress(OSError):
                wire.send(frame)


def _take_from_wire(wire: socket.socket, queue: Queue) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            frame, address = wire.recvfrom(_FRAME)
            if address[2] != _OUTGOING:  # what was sent here is heard here, too
                queue.put(frame, time.monotonic())


def _take_from_switch(switch: int, queue: Queue) -> None:
    with contextlib.suppress(OSError):  # nothing more, or the tap is not up yet
        while True:
            queue.put(os.read(switch, _FRAME), time.monotonic())


def plain_frames(interface: str) -> None:
    """Let the kernel send whole, summed frames, as a cable would carry them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        for command in _OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP", interface.encode(), ctypes.addressof(value))
            fcntl.ioctl(line, _SIOCETHTOOL, request)


def main(arguments: list[str]) -> None:
    """Relay, or switch the offloads off."""
    if arguments[0] == "plain-frames":
        plain_frames(arguments[1])
    else:
        cable, tap, milliseconds, loss, seed = arguments
        relay(cable, tap, float(milliseconds) / 1000, float(loss), int(seed))


if __name__ == "__main__":
    main(sys.argv[1:])
