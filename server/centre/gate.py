"""The SuperLink's front door: strangers reach nothing but what SuperNodes need, and every refusal is written down.

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

from common.labels import LABEL_MAP
from server.centre import request_identity

_OPEN = ("/v1/fleet/",)

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
        if path == ABOUT:
            await JSONResponse(about())(scope, receive, send)
            return
        if not path.startswith(_OPEN) and not from_this_machine(scope):
            log.warning("refused %s: %s is for the centre's own machine", _peer(scope), path)
            await PlainTextResponse("not for this address", status_code=403)(scope, receive, send)
            return

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start" and path.startswith(_OPEN) and message["status"] >= 400:
                self._note(scope, message["status"])
            await send(message)

        await self._app(scope, receive, watching)

    def _note(self, scope: Scope, status: int) -> None:
        """Write down who was refused, and why."""
        who = request_identity.holder(scope, self._public_keys)
        reason = request_identity.why(scope, status, who)
        text = f"{scope['path']}, HTTP {status}" + (f": {reason}" if reason else "")
        log.warning("refused %s (%s): %s", _peer(scope), who, text)


def from_this_machine(scope: Mapping[str, Any]) -> bool:
    """Tell whether a connection comes from loopback, or from the very address it goes to."""
    client, server = (scope.get(end) or ("", 0) for end in ("client", "server"))
    host = str(client[0]).removeprefix("::ffff:")
    return host == "::1" or host.startswith("127.") or (bool(host) and host == str(server[0]).removeprefix("::ffff:"))


def _peer(scope: Mapping[str, Any]) -> str:
    return str((scope.get("client") or ("an unknown address",))[0])
