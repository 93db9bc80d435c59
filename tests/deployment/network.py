"""A small network of its own: each machine a network namespace with its own address, joined by a bridge."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SNIFFER = Path(__file__).with_name("sniffer.py")
_NUMBERS = itertools.count(1)  # of the networks of this process: several stand at once


@dataclass
class Network:
    """Namespaces by machine; the centre holds the bridge."""

    prefix: str
    addresses: dict[str, str]
    links: dict[str, str] = field(default_factory=dict)

    def inside(self, machine: str) -> list[str]:
        """What to put before a command to run it on a machine."""
        return ["ip", "netns", "exec", f"{self.prefix}-{machine}"]

    def cut(self, machine: str) -> None:
        """Pull the machine's plug."""
        _ip("-n", f"{self.prefix}-centre", "link", "set", self.links[machine], "down")

    def mend(self, machine: str) -> None:
        _ip("-n", f"{self.prefix}-centre", "link", "set", self.links[machine], "up")

    def sniff(self, needles: Path, report: Path) -> subprocess.Popen[bytes]:
        """Search everything on the centre's bridge for texts; SIGTERM ends it."""
        command = [*self.inside("centre"), sys.executable, str(SNIFFER), "br0", str(needles), str(report)]
        return subprocess.Popen(command)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextlib.contextmanager
def network(hospitals: list[str]) -> Iterator[Network | None]:
    """Make namespaces; None where this machine does not allow them."""
    made = Network(f"btf{os.getpid()}-{next(_NUMBERS)}", {"centre": "10.77.0.1"})
    names = ["centre", *hospitals]
    try:
        try:
            _build(made, names)
        except (OSError, subprocess.CalledProcessError):
            yield None
        else:
            yield made
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", f"{made.prefix}-{name}"], capture_output=True, check=False)


def _build(made: Network, names: list[str]) -> None:
    for name in names:
        _ip("netns", "add", f"{made.prefix}-{name}")
        _ip("-n", f"{made.prefix}-{name}", "link", "set", "lo", "up")
    centre = f"{made.prefix}-centre"
    _ip("-n", centre, "link", "add", "br0", "type", "bridge")
    _ip("-n", centre, "addr", "add", "10.77.0.1/24", "dev", "br0")
    _ip(
        "-n", centre, "link", "set", "br0", "address", "02:00:00:00:00:01"
    )  # else that of a cable that may be taken out
    _ip("-n", centre, "link", "set", "br0", "up")
    for number, name in enumerate(names[1:]):
        here = f"{made.prefix}-{name}"
        made.links[name], made.addresses[name] = f"v{number}", f"10.77.0.{11 + number}"
        _ip("link", "add", f"v{number}", "netns", centre, "type", "veth", "peer", "name", "eth0", "netns", here)
        _ip("-n", centre, "link", "set", f"v{number}", "master", "br0")
        _ip("-n", centre, "link", "set", f"v{number}", "up")
        _ip("-n", here, "addr", "add", f"{made.addresses[name]}/24", "dev", "eth0")
        _ip("-n", here, "link", "set", "eth0", "up")
