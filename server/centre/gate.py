"""The SuperLink's gate: strangers reach nothing but what SuperNodes need, and every refusal is written down.

Flower serves three interfaces on one port. SuperNodes need one of them (Fleet), where each request is signed with the
hospital's key. The other two start runs and hand out the models, and nothing guards them in this edition of Flower; so
they answer this machine only. Flower reads a request's whole body before it looks at the key: so whose request it is
is told here, from the headers, and nothing of a stranger's body is read. A hospital may send as much in one request
as this federation's model needs.
"""

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flwr.proto.message_pb2 import PushObjectRequest
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.addresses import is_loopback
from common.config.architectures import ARCHITECTURES
from common.labels import LABEL_MAP
from server.centre.connections import Connections, Peer
from server.centre.held_objects import HeldObjects
from server.centre.refusals import Refusals, quoted
from server.centre.request_identity import (
    KEY_HEADER,
    PRECONDITION_FAILED,
    UNAUTHORISED,
    RegisteredKeys,
    authenticated,
    header,
    identify,
    refusal_reason,
    signature_problem,
)

_FLEET = "/v1/fleet/"
_PUSH_OBJECT = f"{_FLEET}push-object"
_ABOUT = "/federation"  # `clients.checks.network` asks for it
_PACKAGES = {"project": "brain-tumour-federation", "flwr": "flwr", "torch": "torch"}
_CLOSE = {"connection": "close"}
_NOT_ACTIVATED = {"code": 2004, "detail": "this key is not registered here"}  # FLEET_NODE_ACTIVATION_FAILED


@dataclass(frozen=True)
class BodyLimits:
    """How much a hospital may send."""

    object_bytes: int = field(default_factory=lambda: 2 * max(each.state_bytes for each in ARCHITECTURES.values()))
    """Of one object: Flower cuts a model into pieces of 5 MB; fingerprints of slices go in one piece, 4 KB a slice."""
    other_bytes: int = 1_000_000
    """Of any other request."""
    pause_seconds: float = 120.0
    """Between two pieces of a body."""

    def of(self, path: str) -> int:
        """Return the limit for one request."""
        return self.object_bytes if path == _PUSH_OBJECT else self.other_bytes


class _Refused(Exception):
    """A status of HTTP, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status, self.reason = status, reason


@cache
def _versions() -> dict[str, str]:
    return {name: version(package) for name, package in _PACKAGES.items()}


def about() -> dict[str, Any]:
    """Return what a hospital's preflight may know before the centre knows it: time, versions, classes."""
    return {"time": time.time(), "versions": _versions(), "label_map": LABEL_MAP}


class Gate:
    """ASGI middleware, outermost in the SuperLink's application.

    Parameters
    ----------
    app : ASGIApp
        The rest of the application.
    public_keys : Path
        Folder of ``<hospital>.pub``: who may come in.
    connections, refusals
        The same that `server.centre.listener` counts and tells.
    demands_keys : bool
        False without TLS, where only this machine can connect, and no SuperNode has a registered key.
    held
        What lies in Flower's store of each hospital; None counts nothing.
    """

    def __init__(
        self,
        app: ASGIApp,
        public_keys: Path,
        connections: Connections,
        refusals: Refusals,
        demands_keys: bool = True,
        limits: BodyLimits = BodyLimits(),
        held: HeldObjects | None = None,
    ) -> None:
        self._app = app
        self._registered = RegisteredKeys(public_keys)
        self._demands_keys = demands_keys
        self._connections = connections
        self._refusals = refusals
        self._limits = limits
        self._held = held
        self._arriving: Counter[str] = Counter()  # bytes by hospital

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse and say so."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            peer = _peer(scope)
            self._connections.request_began(peer)
            try:
                await self._answer(scope, receive, send, peer)
            finally:
                self._connections.request_ended(peer)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, peer: Peer | None) -> None:
        path = scope["path"]
        if path.startswith(_FLEET):
            await self._fleet(scope, receive, send, peer)
        elif path == _ABOUT:
            await JSONResponse(about(), headers=_CLOSE)(scope, receive, send)
        elif from_this_machine(scope):
            self._connections.belongs_to_centre(peer)
            await self._app(scope, receive, send)
        else:
            self._refusals.note(_address(scope), lambda: f": {quoted(path)} is for the centre's own machine")
            await PlainTextResponse("not for this address", status_code=403, headers=_CLOSE)(scope, receive, send)

    async def _fleet(self, scope: Scope, receive: Receive, send: Send, peer: Peer | None) -> None:
        """Let a hospital's request through once its headers were checked and its body is there."""
        hospital = authenticated(scope, self._registered) if self._demands_keys else ""
        try:
            if hospital is None:
                raise self._stranger(scope)
            if hospital:
                self._connections.belongs_to_hospital(peer, hospital)
            body = await self._body(scope, receive, hospital)
            if hospital and scope["path"] == _PUSH_OBJECT:
                self._count(hospital, body)
        except _Refused as refused:
            self._note(scope, refused.status, refused.reason)
            await _refusal(refused)(scope, receive, send)
            return

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                self._note(scope, message["status"])
            await send(message)

        await self._app(scope, _replayed(body, receive), watching)

    def _stranger(self, scope: Scope) -> _Refused:
        """Answer an unregistered key as Flower would, so that the hospital's SuperNode says the same as ever."""
        is_known = self._registered.owner(header(scope, KEY_HEADER)) is not None
        unknown_node = not is_known and scope["path"] == f"{_FLEET}activate-node"
        status = PRECONDITION_FAILED if unknown_node else UNAUTHORISED
        return _Refused(status, signature_problem(scope) if is_known else "")

    async def _body(self, scope: Scope, receive: Receive, hospital: str) -> bytes:
        """Read as much as was announced, up to the limit.

        Raises
        ------
        _Refused
            It is too large, of unknown size, or does not come.
        """
        said = header(scope, "content-length")
        announced = int(said) if said and said.isdigit() else -1
        most = self._limits.of(scope["path"])
        if announced < 0:
            raise _Refused(411, "it does not say how much it sends")
        if announced > most:
            raise _Refused(413, f"it sends {announced:,} bytes, this federation needs at most {most:,}")
        if hospital and self._arriving[hospital] + announced > self._limits.object_bytes:
            raise _Refused(503, "it sends too much at once")
        self._arriving[hospital] += announced
        try:
            return b"".join(await self._pieces(receive, announced))
        finally:
            self._arriving[hospital] -= announced

    def _count(self, hospital: str, body: bytes) -> None:
        """Refuse an object for which a hospital has no room left; what is none, Flower refuses."""
        with contextlib.suppress(DecodeError):
            sent = PushObjectRequest.FromString(body)
            if self._held and not self._held.admits(hospital, sent.object_id, len(sent.object_content)):
                raise _Refused(413, "it has sent more than its answer can need")

    async def _pieces(self, receive: Receive, announced: int) -> list[bytes]:
        pieces: list[bytes] = []
        size = 0
        while True:
            try:
                message = await asyncio.wait_for(receive(), self._limits.pause_seconds)
            except TimeoutError:
                raise _Refused(408, "its request stopped in the middle") from None
            if message["type"] != "http.request":
                raise _Refused(400, "it left in the middle of a request")
            piece = message.get("body", b"")
            size += len(piece)
            if size > announced:
                raise _Refused(413, "it sends more than it said")
            pieces.append(piece)
            if not message.get("more_body", False):
                return pieces

    def _note(self, scope: Scope, status: int, reason: str = "") -> None:
        def said() -> str:
            caller = identify(scope, self._registered)
            why = reason or refusal_reason(scope, status, caller)
            return f" ({caller}): {quoted(scope['path'])}, HTTP {status}" + (f": {why}" if why else "")

        self._refusals.note(_address(scope), said)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Hand out a body that was read already, and then whatever comes.

    In one piece: each of the middlewares behind this one takes every piece through tasks of its own.
    """
    bodies = [body]

    async def again() -> Message:
        return {"type": "http.request", "body": bodies.pop(), "more_body": False} if bodies else await receive()

    return again


def _refusal(refused: _Refused) -> Response:
    if refused.status == PRECONDITION_FAILED:
        return JSONResponse(_NOT_ACTIVATED, status_code=refused.status, headers=_CLOSE)
    return PlainTextResponse("refused", status_code=refused.status, headers=_CLOSE)


def from_this_machine(scope: Scope) -> bool:
    """Tell whether a connection comes from loopback, or from the very address it goes to."""
    client, server = (str((scope.get(end) or ("", 0))[0]).removeprefix("::ffff:") for end in ("client", "server"))
    return is_loopback(client) or (client == server != "")


def _peer(scope: Scope) -> Peer | None:
    client = scope.get("client")
    return (str(client[0]), int(client[1])) if client else None


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("an unknown address",))[0])
