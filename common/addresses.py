"""Hosts and ports: which of them only this machine can reach, and whether a program can listen there."""

import ipaddress
import socket

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
    if not host or not port.isdigit():
        raise ValueError(f"{address} is not host:port")
    return host.strip("[]"), int(port)


def why_not_free(host: str, port: int) -> str | None:
    """Return the reason why a program cannot listen at an address, or None where it can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:
            return "a port is a number up to 65535"
        except OSError as error:
            return error.strerror or str(error)
    return None
