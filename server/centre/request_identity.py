"""Who knocks at the SuperLink's door, as far as the headers tell: whose key it shows, and what its clock says."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from common.errors import InputError
from common.keys import fingerprint, load_public

KEY_HEADER = "flwr-public-key"
CLOCK_HEADER = "flwr-timestamp"
_UNAUTHORISED, _NOT_NOW = 401, 412
_AHEAD_SECONDS = 5.0  # flwr.common.constant.SYSTEM_TIME_TOLERANCE
_BEHIND_SECONDS = 300.0  # TIMESTAMP_TOLERANCE


def holder(scope: Mapping[str, Any], public_keys: Path) -> str:
    """Say whose key a request shows.

    Parameters
    ----------
    scope : mapping
        ASGI's, of an HTTP request.
    public_keys : Path
        Folder of ``<hospital>.pub``.

    Returns
    -------
    str
        ``"the key of aiims_delhi"``, ``"unknown key SHA256:…"`` or ``"no key"``.
    """
    value = _header(scope, KEY_HEADER)
    if value is None:
        return "no key"
    shown = _fingerprint(value)
    name = next((path.stem for path in public_keys.glob("*.pub") if _fingerprint_of(path) == shown), None)
    return f"the key of {name}" if name else f"unknown key {shown}"


def why(scope: Mapping[str, Any], status: int, who: str, now: datetime | None = None) -> str:
    """Say in a clause why Flower refused a request, or nothing where that cannot be told.

    Parameters
    ----------
    scope : mapping
        ASGI's.
    status : int
        HTTP's, of Flower's answer.
    who : str
        Of `holder`.
    now : datetime, optional
        The centre's clock, with a time zone.
    """
    if not who.startswith("the key of "):
        return "it is not registered here"
    ahead = _seconds_ahead(scope, now or datetime.now(UTC))
    if status == _UNAUTHORISED and ahead is not None:
        if -_BEHIND_SECONDS <= ahead <= _AHEAD_SECONDS:
            return "it connected before the SuperLink was started, or its key registered; it connects anew by itself"
        return f"its clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the centre's"
    if status == _NOT_NOW and str(scope["path"]).endswith("/activate-node"):
        return "a node that has this key is connected already"
    return ""


def _seconds_ahead(scope: Mapping[str, Any], now: datetime) -> float | None:
    try:
        return (datetime.fromisoformat((_header(scope, CLOCK_HEADER) or b"").decode()) - now).total_seconds()
    except (TypeError, ValueError):
        return None


def _header(scope: Mapping[str, Any], name: str) -> bytes | None:
    value: bytes | None = dict(scope["headers"]).get(name.encode())
    return value


def _fingerprint(header: bytes) -> str:
    """Return the fingerprint of the key in a header, as ``ssh-keygen -l`` would print it."""
    try:
        key = load_pem_public_key(b64decode(header))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "that cannot be read"
    return fingerprint(key) if isinstance(key, ec.EllipticCurvePublicKey) else "of another kind"


def _fingerprint_of(path: Path) -> str | None:
    try:
        return fingerprint(load_public(path))
    except InputError:
        return None
