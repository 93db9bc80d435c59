"""What must be so before the SuperLink is started, and stay so while it runs: its address, and its certificate."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

from common.errors import InputError
from server.centre.certificates import addresses_of, expires_soon, has_expired, load_certificate

_RENEW = "make a new one with python -m server.credentials --renew, and start python -m server.serve again"


def require_free(host: str, port: int) -> None:
    """Refuse a taken port or a foreign address before anything is started.

    Raises
    ------
    InputError
        ``CENTRE005``.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "a port is a number up to 65535"
            raise InputError(
                "CENTRE005", f"{host}:{port} cannot be used ({reason}); choose another --host or --port."
            ) from None


def require_certificate(path: Path, local: str) -> None:
    """The centre's own programs check the certificate, too: it must be valid, and stand for this address.

    Parameters
    ----------
    path : Path
        The SuperLink's certificate.
    local : str
        The address by which the centre's own programs reach the SuperLink.

    Raises
    ------
    InputError
        ``CENTRE006`` for another address, ``CENTRE008`` if it has expired.
    """
    certificate = load_certificate(path)
    if has_expired(certificate):
        raise InputError("CENTRE008", f"{path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}; {_RENEW}.")
    names = addresses_of(certificate)
    if local not in names:
        raise InputError(
            "CENTRE006",
            f"The certificate stands for {', '.join(names)}, not for {local}; add it: "
            f"python -m server.credentials --address {local}",
        )


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class CertificateWatch:
    """Warns once when the certificate is to be renewed, and once when it is too late.

    Parameters
    ----------
    path : Path
        The SuperLink's certificate; the file as it is now is what the SuperLink was started with.
    """

    def __init__(self, path: Path) -> None:
        self._certificate = load_certificate(path)
        self._said: set[str] = set()

    def news(self) -> list[str]:
        """Return what was not said before."""
        day = f"{self._certificate.not_valid_after_utc:%Y-%m-%d}"
        if has_expired(self._certificate):
            said = f"The SuperLink's certificate expired on {day}, no hospital can connect any more; {_RENEW}."
        elif expires_soon(self._certificate):
            said = f"The SuperLink's certificate expires on {day}; {_RENEW}."
        else:
            return []
        fresh = [said] if said not in self._said else []
        self._said.add(said)
        return fresh
