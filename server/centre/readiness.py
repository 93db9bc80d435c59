"""What must be so before the SuperLink is started, and stay so while it runs: its address, and its certificate."""

import errno
import os
import tempfile
import time
from pathlib import Path

from common import files
from common.addresses import why_not_free
from common.errors import InputError
from common.keys import load_certificate
from server.centre.certificates import addresses_of, expires_soon, has_expired
from server.centre.layout import with_credentials

_FREE_SECONDS = 5.0


def require_free(host: str, port: int) -> None:
    """Refuse a taken port or a foreign address before anything is started.

    The SuperLink of a `server.serve` that was killed needs a moment to end, so a taken port is looked at a few times.

    Raises
    ------
    InputError
        ``CENTRE005``.
    """
    end = time.monotonic() + _FREE_SECONDS
    while (reason := why_not_free(host, port)) and time.monotonic() < end:
        time.sleep(0.25)
    if reason:
        raise InputError("CENTRE005", f"{host}:{port} cannot be used ({reason}); choose another --host or --port.")


def _renew(path: Path) -> str:
    """Say how to renew the certificate of the centre's folder that it lies in."""
    make, serve = _programs(path)
    return f"make a new one with python -m {make} --renew, and restart python -m {serve}"


def _programs(path: Path) -> tuple[str, str]:
    folder = path.parent
    return with_credentials("server.credentials", folder, "--out"), with_credentials("server.serve", folder)


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
        raise InputError("CENTRE008", f"{path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}; {_renew(path)}.")
    names = addresses_of(certificate)
    if local not in names:
        raise InputError(
            "CENTRE006",
            f"The certificate is valid for {', '.join(names)}, not for {local}; add it: "
            f"python -m {_programs(path)[0]} --address {local}",
        )


def require_log(path: Path) -> None:
    """Refuse a log that is no file: it is written and read again.

    Raises
    ------
    InputError
        ``CENTRE009``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.open_regular(path) if os.path.lexists(path) else tempfile.TemporaryFile(dir=path.parent):
            pass
        if os.path.lexists(path) and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise InputError("CENTRE009", f"{path} cannot be the log ({files.why(error)}); choose another --log.") from None


class CertificateWatch:
    """Warns once when the SuperLink's certificate should be renewed, and once when it is too late.

    It looks at the file as it is now, with which the SuperLink was started.
    """

    def __init__(self, path: Path) -> None:
        self._certificate = load_certificate(path)
        self._renew = _renew(path)
        self._said: set[str] = set()

    def news(self) -> list[str]:
        """Return what was not said before."""
        day = f"{self._certificate.not_valid_after_utc:%Y-%m-%d}"
        if has_expired(self._certificate):
            said = f"The SuperLink's certificate expired on {day}, no hospital can connect any more; {self._renew}."
        elif expires_soon(self._certificate):
            said = f"The SuperLink's certificate expires on {day}; {self._renew}."
        else:
            return []
        fresh = [said] if said not in self._said else []
        self._said.add(said)
        return fresh
