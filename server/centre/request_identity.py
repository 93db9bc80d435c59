"""Who sends a request to the SuperLink, as far as its headers tell: whose key it shows, and what its clock says."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from common import keys
from common.errors import InputError

KEY_HEADER = "flwr-public-key"
CLOCK_HEADER = "flwr-timestamp"
_UNAUTHORISED, _PRECONDITION_FAILED = 401, 412

Scope = Mapping[str, Any]
"""ASGI's, of an HTTP request."""


@dataclass(frozen=True)
class Caller:
    """Whoever shows a key."""

    hospital: str | None = None  # None: nobody that is registered
    shown: str | None = None  # the fingerprint, or why there is none; None: no key at all

    def __str__(self) -> str:
        if self.hospital:
            return f"the key of {self.hospital}"
        return f"unknown key {self.shown}" if self.shown else "no key"


def identify(scope: Scope, public_keys: Path) -> Caller:
    """Find the hospital whose key a request shows in the folder of ``<hospital>.pub``."""
    value = _header(scope, KEY_HEADER)
    if value is None:
        return Caller()
    shown = _fingerprint(value)
    name = next((path.stem for path in public_keys.glob("*.pub") if _fingerprint_of(path) == shown), None)
    return Caller(name, shown)


def refusal_reason(scope: Scope, status: int, caller: Caller, now: datetime | None = None) -> str:
    """Say in a clause why Flower refused a request, or nothing where that cannot be told.

    Parameters
    ----------
    status : int
        HTTP's, of Flower's answer.
    now : datetime, optional
        The centre's clock, with a time zone.
    """
    if not caller.hospital:
        return "it is not registered here"
    ahead = _seconds_ahead(scope, now or datetime.now(UTC))
    if status == _UNAUTHORISED and ahead is not None:
        if -keys.SIGNATURE_BEHIND_SECONDS <= ahead <= keys.SIGNATURE_AHEAD_SECONDS:
            return "it connected before the SuperLink was started, or its key registered; it reconnects by itself"
        return f"its clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the centre's"
    if status == _PRECONDITION_FAILED and str(scope["path"]).endswith("/activate-node"):
        return "a node that has this key is connected already"
    return ""


def _seconds_ahead(scope: Scope, now: datetime) -> float | None:
    try:
        return (datetime.fromisoformat((_header(scope, CLOCK_HEADER) or b"").decode()) - now).total_seconds()
    except (TypeError, ValueError):
        return None


def _header(scope: Scope, name: str) -> bytes | None:
    value: bytes | None = dict(scope["headers"]).get(name.encode())
    return value


def _fingerprint(header: bytes) -> str:
    """Return the fingerprint of the key in a header, as ``ssh-keygen -l`` would print it."""
    try:
        key = load_pem_public_key(b64decode(header))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "that cannot be read"
    return keys.fingerprint(key) if isinstance(key, ec.EllipticCurvePublicKey) else "of another kind"


def _fingerprint_of(path: Path) -> str | None:
    try:
        return keys.fingerprint(keys.load_public(path))
    except InputError:
        return None
