"""How the dashboard is served: security headers on every answer, and a sentence instead of a traceback."""

import sys
import traceback
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
        "frame-src 'none'",
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

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on and extend the answer's headers."""

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *self.headers]}
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


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
