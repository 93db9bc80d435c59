"""How the dashboard is served: security headers on every answer, and a sentence instead of a traceback."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:",  # Streamlit, Plotly and Leaflet
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "frame-src 'self' blob: data:",
        "frame-ancestors 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    ]
)
HEADERS: dict[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """ASGI middleware that adds `HEADERS` to every HTTP answer."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        self.early = [(b"link", f"<./static/js/{name}>; rel=modulepreload".encode()) for name in chart_programs()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on and extend the answer's headers."""

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = message.get("headers", [])
                early = self.early if _is_page(own) else []
                message = {**message, "headers": [*own, *self.headers, *early]}
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def chart_programs() -> list[str]:
    """Return the names of Streamlit's files that draw charts, megabytes that a browser had better fetch at once."""
    programs = Path(st.__file__).parent / "static" / "static" / "js"
    return sorted(path.name for path in programs.glob("PlotlyChart.*.js"))


def _is_page(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers)


def middleware() -> list[Middleware]:
    """Return what every request passes through."""
    return [Middleware(SecurityHeaders)]


def say_instead_of_traceback(error: Exception) -> bool:
    """Show one sentence on the page and print the traceback to the terminal.

    Returns
    -------
    bool
        True: Streamlit shows nothing of its own.
    """
    traceback.print_exception(error, file=sys.stderr)
    st.error(
        f"This page could not be drawn ({type(error).__name__}). The other pages still work; "
        "the details are in the terminal that runs the dashboard.",
        icon=":material/error:",
    )
    return True
