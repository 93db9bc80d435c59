"""Whose request it is: told from the headers alone, before a byte of the body is read.

Flower's SuperNodes show their public key, a time, and a signature over that time (not over the body). All three are
checked here as Flower checks them, against the centre's folder of keys; what Flower checks later stays with Flower.
"""

import binascii
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from starlette.types import Scope

from common import keys
from common.errors import InputError

KEY_HEADER = "flwr-public-key"
CLOCK_HEADER = "flwr-timestamp"
SIGNATURE_HEADER = "flwr-signature"
UNAUTHORISED, PRECONDITION_FAILED = 401, 412
_LOOK_AGAIN_SECONDS = 1.0


@dataclass(frozen=True)
class Caller:
    """Whoever shows a key."""

    hospital: str | None = None  # None: nobody that is registered
    shown: str | None = None  # the fingerprint, or why there is none; None: no key at all

    def __str__(self) -> str:
        if self.hospital:
            return f"the key of {self.hospital}"
        return f"unknown key {self.shown}" if self.shown else "no key"


class RegisteredKeys:
    """The keys in the centre's folder of ``<hospital>.pub``, followed as the folder changes.

    Parameters
    ----------
    folder : Path
        It is looked at once a second at most.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._looked = -_LOOK_AGAIN_SECONDS
        self._stamps: dict[Path, tuple[int, int]] = {}
        self._owners: dict[bytes, tuple[str, ec.EllipticCurvePublicKey]] = {}

    def owner(self, shown: bytes | None) -> tuple[str, ec.EllipticCurvePublicKey] | None:
        """Return the hospital whose key a header shows, and the key."""
        if shown is None:
            return None
        if self._clock() - self._looked >= _LOOK_AGAIN_SECONDS:
            self._looked = self._clock()
            self._follow()
        try:
            return self._owners.get(b64decode(shown, validate=True))
        except binascii.Error:
            return None

    def _follow(self) -> None:
        stamps = {path: stamp for path in sorted(self._folder.glob("*.pub")) if (stamp := _stamp(path))}
        if stamps == self._stamps:
            return
        self._stamps, self._owners = stamps, {}
        for path in stamps:
            try:
                key = keys.load_public(path)
            except InputError:
                continue  # `server.centre.registry` says so
            self._owners[key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)] = path.stem, key


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if path.is_file() else None


def authenticated(scope: Scope, registered: RegisteredKeys, now: datetime | None = None) -> str | None:
    """Return the hospital that signed a request's headers within Flower's bounds of time, or None."""
    shown, stamp, signature = (header(scope, name) for name in (KEY_HEADER, CLOCK_HEADER, SIGNATURE_HEADER))
    found = registered.owner(shown)
    if found is None or stamp is None or signature is None or not is_in_time(scope, now or datetime.now(UTC)):
        return None
    hospital, key = found
    try:
        key.verify(b64decode(signature, validate=True), stamp, ec.ECDSA(hashes.SHA256()))
    except (binascii.Error, InvalidSignature):
        return None
    return hospital


def identify(scope: Scope, registered: RegisteredKeys) -> Caller:
    """Say whose key a request shows, for a person."""
    shown = header(scope, KEY_HEADER)
    if shown is None:
        return Caller()
    found = registered.owner(shown)
    return Caller(found[0] if found else None, _fingerprint(shown))


def refusal_reason(scope: Scope, status: int, caller: Caller, now: datetime | None = None) -> str:
    """Say in a clause why a request was refused, or nothing where that cannot be told.

    Parameters
    ----------
    status : int
        HTTP's, of the answer.
    now : datetime, optional
        The centre's clock, with a time zone.
    """
    if not caller.hospital:
        return "it is not registered here"
    now = now or datetime.now(UTC)
    ahead = _seconds_ahead(scope, now)
    if status == UNAUTHORISED and ahead is not None:
        if is_in_time(scope, now):
            return "it connected before the SuperLink was started, or its key registered; it reconnects by itself"
        return f"its clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the centre's"
    if status == PRECONDITION_FAILED and str(scope["path"]).endswith("/activate-node"):
        return "a node that has this key is connected already"
    return ""


def signature_problem(scope: Scope) -> str:
    """Say in a clause why a registered hospital's headers are not accepted; nothing where it is the clock."""
    if header(scope, CLOCK_HEADER) is None or header(scope, SIGNATURE_HEADER) is None:
        return "it is not signed"
    return "the signature is not that of the key" if is_in_time(scope, datetime.now(UTC)) else ""


def is_in_time(scope: Scope, now: datetime) -> bool:
    """Tell whether a request was signed within the bounds that Flower keeps, too."""
    ahead = _seconds_ahead(scope, now)
    return ahead is not None and -keys.SIGNATURE_BEHIND_SECONDS <= ahead <= keys.SIGNATURE_AHEAD_SECONDS


def _seconds_ahead(scope: Scope, now: datetime) -> float | None:
    try:
        return (datetime.fromisoformat((header(scope, CLOCK_HEADER) or b"").decode()) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None


def header(scope: Scope, name: str) -> bytes | None:
    """Return a header's value; None where it is missing, or there twice: nobody may choose which one counts."""
    found: list[bytes] = [value for key, value in scope["headers"] if key == name.encode()]
    return found[0] if len(found) == 1 else None


def _fingerprint(shown: bytes) -> str:
    """Return the fingerprint of the key in a header, as ``ssh-keygen -l`` would print it."""
    try:
        key = load_pem_public_key(b64decode(shown))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "that cannot be read"
    return keys.fingerprint(key) if isinstance(key, ec.EllipticCurvePublicKey) else "of another kind"
