"""``flower-superlink`` behind this project's gate; `server.centre.process` starts it in a process of its own.

It stands on two seams of Flower 1.41: the extension hook for middleware, and the entry point of ``flower-superlink``.
A contract test tells when one of them moves.
"""

from __future__ import annotations

import asyncio.sslproto
import logging
import os
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

log = logging.getLogger("flwr")


def main() -> None:
    """Run the SuperLink until it is told to stop; the command line is that of ``flower-superlink``."""
    from flwr.superlink import extensions
    from flwr.superlink.cli.flower_superlink import flower_superlink
    from starlette.middleware import Middleware

    from server.centre.gate import Gate

    gate = Middleware(Gate, public_keys=Path(os.environ.get("FEDERATION_PUBLIC_KEYS", ".")))
    extensions.get_middleware = lambda: (gate,)
    sys.modules["uvloop"] = None  # type: ignore[assignment]  # asyncio's own loop can name who failed the handshake
    _name_failed_handshakes()
    logging.getLogger("uvicorn.access").addFilter(_only_refusals)
    flower_superlink()


def _only_refusals(record: logging.LogRecord) -> bool:
    """Keep the polls of every node, several a second, out of the log."""
    arguments = record.args
    return not (isinstance(arguments, tuple) and isinstance(arguments[-1], int) and arguments[-1] < 400)


def _name_failed_handshakes() -> None:
    """Write down who could not agree on TLS; asyncio keeps that to itself."""
    fatal: Callable[..., Any] | None = getattr(asyncio.sslproto.SSLProtocol, "_fatal_error", None)
    if fatal is None:
        return

    def naming(protocol: Any, error: BaseException, *rest: Any) -> Any:
        if not isinstance(error, ssl.SSLError):  # somebody who only looked whether the port is open
            return fatal(protocol, error, *rest)
        transport = getattr(protocol, "_transport", None)
        peer = transport.get_extra_info("peername") if transport else None
        reason = getattr(error, "reason", None) or type(error).__name__
        said = "it speaks plain text" if reason == "HTTP_REQUEST" else f"TLS failed, {reason}"
        log.warning("refused %s: %s", peer[0] if peer else "an unknown address", said)
        return fatal(protocol, error, *rest)

    setattr(asyncio.sslproto.SSLProtocol, "_fatal_error", naming)  # noqa: B010


if __name__ == "__main__":
    main()
