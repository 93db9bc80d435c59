"""The SuperLink's port: every connection is counted as it is accepted, and uvicorn runs with settings of this project.

Flower calls ``uvicorn.run`` with few settings; `serve` takes that call's place (a contract test tells when it moves).
uvicorn listens on a socket that it is given, and asyncio accepts by calling the socket's own method: so a connection
that is not admitted costs no TLS and no memory.
"""

import asyncio.sslproto
import contextlib
import resource
import socket
import ssl
import struct
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from server.centre.connections import Connections
from server.centre.refusals import Refusals, quoted

_BACKLOG = 1024  # connections that the machine holds until they are accepted
_ACCEPTED_AT_ONCE = 16  # before those that had to give way are closed
_REFUSED_AT_ONCE = 64
_KEEP_ALIVE_SECONDS = 30
_LONGEST_HEADERS = 16_384
_OPEN_FILES = 8192
_AT_ONCE = struct.pack("ii", 1, 0)  # for SO_LINGER: forget a connection instead of taking leave

SETTINGS: dict[str, Any] = {
    "h11_max_incomplete_event_size": _LONGEST_HEADERS,
    "ws": "none",
    "proxy_headers": False,  # a header must not say where a request comes from
    "timeout_keep_alive": _KEEP_ALIVE_SECONDS,
    "backlog": _ACCEPTED_AT_ONCE,  # asyncio takes it for both numbers; `GuardedSocket.listen` keeps the other
}


class CountedSocket(socket.socket):
    """A connection that says when it is closed."""

    def on_close(self, tell: Callable[[], None]) -> None:
        """Call back once."""
        self._tell: Callable[[], None] | None = tell

    def close(self) -> None:
        """Close it."""
        tell, self._tell = getattr(self, "_tell", None), None
        if tell:
            tell()
        super().close()


class GuardedSocket(socket.socket):
    """Listens, and hands out what is admitted."""

    def guard(self, connections: Connections, refusals: Refusals) -> None:
        """Set who counts, and who is told."""
        self._connections, self._refusals = connections, refusals

    def listen(self, backlog: int = _BACKLOG) -> None:
        """Listen, with the machine's own queue as long as it should be."""
        super().listen(max(backlog, _BACKLOG))

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection that may come in.

        Raises
        ------
        BlockingIOError
            If there is none now.
        """
        for _ in range(_REFUSED_AT_ONCE):
            handle, address = self._accept()  # type: ignore[attr-defined]
            line = CountedSocket(self.family, self.type, self.proto, fileno=handle)
            peer = str(address[0]), int(address[1])
            if self._connections.admit(line, peer):
                line.on_close(partial(self._connections.release, line, peer))
                return line, address
            with contextlib.suppress(OSError):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            line.close()
            self._refusals.note(peer[0], lambda: ": too many connections from there, or from strangers in all")
        raise BlockingIOError


class _Server(uvicorn.Server):
    """uvicorn's, which also does something once a second."""

    each_second: Callable[[], None]

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            self.each_second()
        return await super().on_tick(counter)


def serve(
    app: Any,
    host: str,
    port: int,
    connections: Connections,
    refusals: Refusals,
    each_second: Callable[[], None],
    **flowers: Any,
) -> None:
    """Run an application until told to stop; `flowers` are the settings that Flower gives to uvicorn."""
    raise_open_files()
    name_failed_handshakes(refusals)
    settings = {**flowers, **SETTINGS, "http": protocol(connections, refusals)}
    config = uvicorn.Config(app, host=host, port=port, **settings)
    server = _Server(config)

    def tick() -> None:
        connections.tick()
        refusals.tick()
        each_second()

    server.each_second = tick
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=take_addresses(host, port, connections, refusals))
    if not server.started:
        sys.exit(3)


def protocol(connections: Connections, refusals: Refusals) -> type[H11Protocol]:
    """Return uvicorn's own HTTP, which bounds the headers (httptools does not) and says who sent something else."""

    class Http(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections.is_secure(self.client, transport.abort)

        def send_400_response(self, msg: str) -> None:
            address = self.client[0] if self.client else "an unknown address"
            refusals.note(address, lambda: ": it does not speak HTTP, or its headers are too long")
            try:
                super().send_400_response(msg)
            except h11.LocalProtocolError:  # in the middle of an answer
                self.transport.close()

    return Http


def name_failed_handshakes(refusals: Refusals) -> None:
    """Write down who could not agree on TLS; asyncio keeps that to itself."""
    fatal: Callable[..., Any] | None = getattr(asyncio.sslproto.SSLProtocol, "_fatal_error", None)
    if fatal is None:
        return

    def naming(protocol: Any, error: BaseException, *rest: Any) -> Any:
        if not isinstance(error, ssl.SSLError):  # somebody who only looked whether the port is open
            return fatal(protocol, error, *rest)
        transport = getattr(protocol, "_transport", None)
        peer = transport.get_extra_info("peername") if transport else None
        refusals.note(str(peer[0]) if peer else "an unknown address", lambda: f": {_tls_problem(error)}")
        return fatal(protocol, error, *rest)

    setattr(asyncio.sslproto.SSLProtocol, "_fatal_error", naming)  # noqa: B010


def _tls_problem(error: ssl.SSLError) -> str:
    reason = getattr(error, "reason", None) or type(error).__name__
    return "it speaks plain text" if reason == "HTTP_REQUEST" else f"TLS failed, {quoted(reason)}"


def take_addresses(host: str, port: int, connections: Connections, refusals: Refusals) -> list[socket.socket]:
    """Take every address that a host's name stands for; asyncio listens there once the SuperLink has started.

    Whoever connects therefore finds every key registered.
    """
    sockets: list[socket.socket] = []
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, kind, protocol, _, address in dict.fromkeys(found):
        line = GuardedSocket(family, kind, protocol)
        line.guard(connections, refusals)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            line.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        line.bind(address)
        line.setblocking(False)
        sockets.append(line)
    return sockets


def raise_open_files() -> None:
    """Let this process open more files, as far as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
