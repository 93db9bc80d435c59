"""The SuperLink's front door: strangers reach nothing but what SuperNodes need, and every refusal is written down.

Flower serves three interfaces on one port. SuperNodes need one of them (Fleet), where each request is signed with the
hospital's key. The other two start runs and hand out the models, and nothing guards them in this edition of Flower; so
they answer this machine only.
"""

from __future__ import annotations

import logging
import time
from base64 import b64decode
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.errors import InputError
from common.keys import fingerprint, load_public
from common.labels import LABEL_MAP

_OPEN = ("/v1/fleet/",)
_KEY_HEADER = "flwr-public-key"

ABOUT = "/federation"
_PACKAGES = {"project": "brain-tumour-federation", "flwr": "flwr", "torch": "torch"}

log = logging.getLogger("flwr")


def about() -> dict[str, Any]:
    """Return what a hospital's preflight may know before anybody knows it: time, versions, classes."""
    versions = {name: version(package) for name, package in _PACKAGES.items()}
    return {"time": time.time(), "versions": versions, "label_map": dict(LABEL_MAP)}


class FrontDoor:
    """ASGI middleware, outermost in the SuperLink's application.

    Parameters
    ----------
    app : ASGIApp
        The rest of the application.
    public_keys : Path
        Folder of ``<hospital>.pub``, to name who was refused.
    key_header : str
        Header that holds a SuperNode's public key.
    """

    def __init__(self, app: ASGIApp, public_keys: Path, key_header: str = _KEY_HEADER) -> None:
        self._app = app
        self._public_keys = public_keys
        self._key_header = key_header.lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse and say so."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path == ABOUT:
            await JSONResponse(about())(scope, receive, send)
            return
        if not path.startswith(_OPEN) and not from_this_machine(scope):
            log.warning("refused %s: %s is for the centre's own machine", _peer(scope), path)
            await PlainTextResponse("not for this address", status_code=403)(scope, receive, send)
            return

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start" and path.startswith(_OPEN) and message["status"] >= 400:
                status = message["status"]
                log.warning("refused %s (%s): %s, HTTP %d", _peer(scope), self._who(scope), path, status)
            await send(message)

        await self._app(scope, receive, watching)

    def _who(self, scope: Scope) -> str:
        value = dict(scope["headers"]).get(self._key_header)
        if value is None:
            return "no key"
        shown = _fingerprint(value)
        name = next((path.stem for path in self._public_keys.glob("*.pub") if _fingerprint_of(path) == shown), None)
        return f"the key of {name}" if name else f"unknown key {shown}"


def from_this_machine(scope: Mapping[str, Any]) -> bool:
    """Tell whether a connection comes from loopback, or from the very address it goes to."""
    client, server = (scope.get(end) or ("", 0) for end in ("client", "server"))
    host = str(client[0]).removeprefix("::ffff:")
    return host == "::1" or host.startswith("127.") or (bool(host) and host == str(server[0]).removeprefix("::ffff:"))


def _peer(scope: Mapping[str, Any]) -> str:
    return str((scope.get("client") or ("an unknown address",))[0])


def _fingerprint(header: bytes) -> str:
    """Return the fingerprint of the key in a header, as ``ssh-keygen -l`` would print it."""
    try:
        key = load_pem_public_key(b64decode(header))
    except (ValueError, TypeError):
        return "that cannot be read"
    return fingerprint(key) if isinstance(key, ec.EllipticCurvePublicKey) else "of another kind"


def _fingerprint_of(path: Path) -> str | None:
    try:
        return fingerprint(load_public(path))
    except InputError:
        return None
