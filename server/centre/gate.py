"""The SuperLink's gate: strangers reach nothing but what SuperNodes need, and every refusal is written down.

Flower serves three interfaces on one port. SuperNodes need one of them (Fleet), where each request is signed with the
hospital's key. The other two start runs and hand out the models, and nothing guards them in this edition of Flower; so
they answer this machine only.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.addresses import is_loopback
from common.labels import LABEL_MAP
from server.centre import request_identity

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
        caller = request_identity.identify(scope, self._public_keys)
        reason = request_identity.refusal_reason(scope, status, caller)
        text = f"{scope['path']}, HTTP {status}" + (f": {reason}" if reason else "")
        log.warning("refused %s (%s): %s", _peer(scope), caller, text)


def from_this_machine(scope: Mapping[str, Any]) -> bool:
    """Tell whether a connection comes from loopback, or from the very address it goes to."""
    client, server = (str((scope.get(end) or ("", 0))[0]).removeprefix("::ffff:") for end in ("client", "server"))
    return is_loopback(client) or (client == server != "")


def _peer(scope: Mapping[str, Any]) -> str:
    return str((scope.get("client") or ("an unknown address",))[0])
