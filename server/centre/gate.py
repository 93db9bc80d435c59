"""The SuperLink's gate: strangers reach nothing but what SuperNodes need, and every refusal is written down.

Flower serves three interfaces on one port. SuperNodes need one of them (Fleet), where each request is signed with the
hospital's key. The other two start runs and hand out the models, and nothing guards them in this edition of Flower; so
they answer this machine only. Who was refused is told from the headers: whose key they show, and what their clock says.
"""

import logging
import time
from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import keys
from common.addresses import is_loopback
from common.errors import InputError
from common.labels import LABEL_MAP

KEY_HEADER = "flwr-public-key"
CLOCK_HEADER = "flwr-timestamp"
_UNAUTHORISED, _PRECONDITION_FAILED = 401, 412
_FLEET = "/v1/fleet/"
_ABOUT = "/federation"  # `clients.checks.network` asks for it
_PACKAGES = {"project": "brain-tumour-federation", "flwr": "flwr", "torch": "torch"}

log = logging.getLogger("flwr")


def about() -> dict[str, Any]:
    """Return what a hospital's preflight may know before the centre knows it: time, versions, classes."""
    versions = {name: version(package) for name, package in _PACKAGES.items()}
    return {"time": time.time(), "versions": versions, "label_map": LABEL_MAP}


class Gate:
    """ASGI middleware, outermost in the SuperLink's application.

    Parameters
    ----------
    app : ASGIApp
        The rest of the application.
    public_keys : Path
        Folder of ``<hospital>.pub``, to name who was refused.
    """

    def __init__(self, app: ASGIApp, public_keys: Path) -> None:
        self._app = app
        self._public_keys = public_keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse and say so."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path == _ABOUT:
            await JSONResponse(about())(scope, receive, send)
            return
        if not path.startswith(_FLEET) and not from_this_machine(scope):
            log.warning("refused %s: %s is for the centre's own machine", _peer(scope), path)
            await PlainTextResponse("not for this address", status_code=403)(scope, receive, send)
            return

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start" and path.startswith(_FLEET) and message["status"] >= 400:
                self._log_refusal(scope, message["status"])
            await send(message)

        await self._app(scope, receive, watching)

    def _log_refusal(self, scope: Scope, status: int) -> None:
        caller = identify(scope, self._public_keys)
        reason = refusal_reason(scope, status, caller)
        text = f"{scope['path']}, HTTP {status}" + (f": {reason}" if reason else "")
        log.warning("refused %s (%s): %s", _peer(scope), caller, text)


def from_this_machine(scope: Scope) -> bool:
    """Tell whether a connection comes from loopback, or from the very address it goes to."""
    client, server = (str((scope.get(end) or ("", 0))[0]).removeprefix("::ffff:") for end in ("client", "server"))
    return is_loopback(client) or (client == server != "")


def _peer(scope: Scope) -> str:
    return str((scope.get("client") or ("an unknown address",))[0])


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
