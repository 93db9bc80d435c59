"""What must be so before the SuperLink is started, and stay so while it runs: its address, and its certificate."""

from pathlib import Path

from common.addresses import why_not_free
from common.errors import InputError
from common.keys import load_certificate
from server.centre.certificates import addresses_of, expires_soon, has_expired

_RENEW = "make a new one with python -m server.credentials --renew, and restart python -m server.serve"


def require_free(host: str, port: int) -> None:
    """Refuse a taken port or a foreign address before anything is started.

    Raises
    ------
    InputError
        ``CENTRE005``.
    """
    if reason := why_not_free(host, port):
        raise InputError("CENTRE005", f"{host}:{port} cannot be used ({reason}); choose another --host or --port.")


def require_certificate(path: Path, local: str) -> None:
    """Refuse a certificate that the centre's own programs would refuse, too.

    Parameters
    ----------
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
            f"The certificate is valid for {', '.join(names)}, not for {local}; add it: "
            f"python -m server.credentials --address {local}",
        )


class CertificateWatch:
    """Warns once when the SuperLink's certificate should be renewed, and once when it is too late.

    It looks at the file as it is now, with which the SuperLink was started.
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
