from __future__ import annotations

import asyncio
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
