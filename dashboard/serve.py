"""How the dashboard is served: security headers, the page's own head, and a sentence instead of a traceback."""

import importlib
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from streamlit.file_util import get_static_dir

from common.errors import InputError
from dashboard import settings
from dashboard.settings import STATIC

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
BEFORE_THREADS = ("scipy.stats", "scipy.ndimage", "sklearn.metrics")
SOON_NEEDED = ("PlotlyChart", "BidiComponent")
FIRST_PAGE_SECONDS = 3.0  # Python imports PyTorch instead of drawing a page
AS_IT_WAS_KEPT = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")  # the document is changed here


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


class PageHead:
    """ASGI middleware that puts the dashboard's own script and style in front of Streamlit's in every document.

    `once` is called after the first one.
    """

    def __init__(self, app: Any, once: Callable[[], None] = lambda: None) -> None:
        self.app, self.once = app, once
        script, style = ((STATIC / "page" / name).read_bytes() for name in ("page.js", "page.css"))
        self.head = b"<script>{" + script + b"}</script><style>" + style + b"</style>" + _soon_needed()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on; an answer that is a document is held back until it is whole."""
        if scope["type"] != "http" or b"text/html" not in dict(scope["headers"]).get(b"accept", b""):
            await self.app(scope, receive, send)
            return
        held: list[Any] = []

        async def send_with_head(message: Any) -> None:
            if message["type"] == "http.response.start" and _is_document(message):
                held.append(message)
            elif not held:
                await send(message)
            else:
                held.append(message)
                if not message.get("more_body"):
                    for whole in self._with_head(held):
                        await send(whole)
                    self.once()
                    self.once = lambda: None

        plain = [(name, value) for name, value in scope["headers"] if name not in AS_IT_WAS_KEPT]
        await self.app({**scope, "headers": plain}, receive, send_with_head)

    def _with_head(self, held: list[Any]) -> list[Any]:
        start, body = held[0], b"".join(message.get("body", b"") for message in held[1:])
        if body:  # none: only the headers were asked for
            body = body.replace(b"<head>", b"<head>" + self.head, 1)
            length = (b"content-length", str(len(body)).encode())
            headers = [
                each for each in start["headers"] if each[0] not in (b"content-length", b"etag", b"last-modified")
            ]
            start = {**start, "headers": [*headers, length]}
        return [start, {"type": "http.response.body", "body": body}]


def _is_document(message: Any) -> bool:
    return message["status"] == 200 and dict(message["headers"]).get(b"content-type", b"").startswith(b"text/html")


def _soon_needed() -> bytes:
    """Return links to the programs of charts and tables, which a browser else asks for only when it meets the first."""
    programs = Path(get_static_dir()) / "static" / "js"
    found = sorted(each.name for name in SOON_NEEDED for each in programs.glob(f"{name}.*.js"))
    return "".join(f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in found).encode()


def import_before_threads() -> None:
    """Import what two threads must not import at once: one of them would meet SciPy half made, and fail."""
    for name in BEFORE_THREADS:
        importlib.import_module(name)


def warm_model() -> None:
    """Load PyTorch and the model in service in the background once the first page is there, so that Predict has it."""
    timer = Timer(FIRST_PAGE_SECONDS, _load_model)
    timer.daemon = True
    timer.start()


def _load_model() -> None:
    from dashboard.model import in_service

    with suppress(InputError, OSError):  # the page Predict says what is wrong
        in_service.answerer(settings.load().output_dir)


def middleware() -> list[Middleware]:
    """Return what every request passes through."""
    return [Middleware(SecurityHeaders), Middleware(PageHead, once=warm_model)]


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
