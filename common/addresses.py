"""Hosts and ports: which of them only this machine can reach, and whether a program can listen there."""

import ipaddress
import re
import socket

_HOST = re.compile(r"[\w.:%-]{1,253}")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of ``host:port`` or ``[IPv6]:port``.

    Raises
    ------
    ValueError
        If it is neither.
    """
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not _HOST.fullmatch(host) or not is_port(port):
        raise ValueError(f"{address[:80]} is not host:port")
    host.encode("idna")  # raises UnicodeError, a ValueError, for what the system's look-up would raise one
    return host, int(port)


def is_port(text: str) -> bool:
    """Tell whether a text is the number of a port."""
    return text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) < 65536


def is_host(text: str) -> bool:
    """Tell whether a text can be a host's name or an IP address, as certificates write them."""
    try:
        split_address(f"{text}:1")
    except ValueError:
        return False
    return text.isascii()


def why_not_free(host: str, port: int) -> str | None:
    """Return the reason why a program cannot listen at an address, or None where it can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:
            return "a port is a number up to 65535"
        except (OSError, UnicodeError) as error:
            return getattr(error, "strerror", None) or str(error)
    return None
