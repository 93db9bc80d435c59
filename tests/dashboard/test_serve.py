from __future__ import annotations

import asyncio
import subprocess
import sys
import tomllib
from typing import Any

from dashboard import serve
from dashboard.settings import ROOT


def test_every_answer_carries_the_headers() -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(serve.SecurityHeaders(app)({"type": "http"}, None, send))
    headers = dict(sent[0]["headers"])
    assert headers[b"x"] == b"y"
    assert headers[b"content-security-policy"].startswith(b"default-src 'self'; script-src 'self'")
    assert headers[b"x-content-type-options"] == b"nosniff"


def answered(kind: bytes, body: bytes, accept: bytes = b"text/html") -> tuple[dict[bytes, bytes], bytes]:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert b"if-none-match" not in dict(scope["headers"]) or accept != b"text/html"
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"etag", b"old")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body[:10], "more_body": True})
        await send({"type": "http.response.body", "body": body[10:]})

    async def send(message: Any) -> None:
        sent.append(message)

    asked = [(b"accept", accept), (b"if-none-match", b"old")]
    asyncio.run(serve.PageHead(app)({"type": "http", "headers": asked}, None, send))
    return dict(sent[0]["headers"]), b"".join(message["body"] for message in sent[1:])


def test_a_document_begins_with_the_dashboards_script_and_is_as_long_as_it_says() -> None:
    headers, body = answered(b"text/html; charset=utf-8", b"<html><head><title>Streamlit</title></head></html>")
    assert body.startswith(b"<html><head><script>")
    assert b"history.pushState =" in body
    assert body.endswith(b"<title>Streamlit</title></head></html>")
    assert headers[b"content-length"] == str(len(body)).encode()
    assert b"etag" not in headers  # it is that of Streamlit's document


def test_the_programs_of_charts_and_tables_are_fetched_beside_streamlits_own() -> None:
    _, body = answered(b"text/html", b"<html><head></head></html>")
    for name in (b"PlotlyChart", b"BidiComponent"):
        assert b'<link rel="modulepreload" crossorigin href="./static/js/' + name in body


def test_the_model_is_loaded_after_the_first_page_not_before() -> None:
    called: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert len(called) == scope["before"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<head></head>"})

    async def send(message: Any) -> None:
        pass

    page = serve.PageHead(app, once=lambda: called.append(1))
    for before in (0, 1):
        scope = {"type": "http", "headers": [(b"accept", b"text/html")], "before": before}
        asyncio.run(page(scope, None, send))
    assert called == [1]


def test_what_is_not_a_document_passes_as_it_is() -> None:
    script = b"export const text = '<head>';"
    assert answered(b"text/javascript", script)[1] == script
    assert answered(b"text/html", b"<html><head></head></html>", accept=b"*/*")[1] == b"<html><head></head></html>"


def test_the_policy_names_no_other_host() -> None:
    words = serve.CONTENT_SECURITY_POLICY.replace(";", " ").split()
    assert not [word for word in words if "http" in word or "*" in word or "//" in word]


def test_the_configuration_keeps_to_this_computer() -> None:
    config = tomllib.loads((ROOT / "dashboard" / ".streamlit" / "config.toml").read_text())
    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["maxUploadSize"] <= 50
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"


def test_no_page_waits_for_a_look_for_garbage() -> None:
    config = tomllib.loads((ROOT / "dashboard" / ".streamlit" / "config.toml").read_text())
    assert config["runner"]["postScriptGC"] is False


def test_what_threads_must_not_import_at_once_is_there_before_them() -> None:
    command = "import sys, dashboard.app as app; print({*app.serve.BEFORE_THREADS} - {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "set()"
