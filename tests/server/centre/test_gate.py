import asyncio
import json
import logging
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from common.keys import load_public, new_key_pair
from server.centre.gate import Gate, from_this_machine


def scope(path, client, server="10.0.0.1", headers=()):
    return {"type": "http", "path": path, "client": (client, 5), "server": (server, 8443), "headers": list(headers)}


def ask(folder, request, status=200):
    """Send one request through the gate; return what came out."""
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})

    async def send(message):
        sent.append(message)

    asyncio.run(Gate(app, folder)(request, None, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


@pytest.mark.parametrize("path", ["/v1/control/start-run", "/v1/runtime/acquire-task", "/docs", "/", "/v1/fleetx"])
def test_strangers_reach_nothing_but_what_supernodes_need(tmp_path, path, caplog):
    with caplog.at_level(logging.WARNING, "flwr"):
        assert ask(tmp_path, scope(path, "10.0.0.7"))[0] == 403
    assert f"refused 10.0.0.7: {path}" in caplog.text


def test_supernodes_come_through(tmp_path):
    assert ask(tmp_path, scope("/v1/fleet/pull-messages", "10.0.0.7")) == (200, b"inside")


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "10.0.0.1", "::ffff:127.0.0.1"])
def test_the_centre_itself_reaches_everything(tmp_path, client):
    assert ask(tmp_path, scope("/v1/control/start-run", client)) == (200, b"inside")


def test_an_unknown_peer_is_not_this_machine():
    assert not from_this_machine({"client": None, "server": None})
    assert not from_this_machine({"client": ("", 0), "server": ("", 0)})


def test_a_refused_supernode_is_named_by_its_key(tmp_path, caplog):
    new_key_pair(tmp_path / "aiims.key", tmp_path / "aiims.pub", "aiims")
    pem = load_public(tmp_path / "aiims.pub").public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    headers = [(b"flwr-public-key", b64encode(pem))]
    with caplog.at_level(logging.WARNING, "flwr"):
        ask(tmp_path, scope("/v1/fleet/pull-messages", "10.0.0.7", headers=headers))
        assert not caplog.text
        ask(tmp_path, scope("/v1/fleet/activate-node", "10.0.0.7", headers=headers), 412)
    assert (
        "refused 10.0.0.7 (the key of aiims): /v1/fleet/activate-node, HTTP 412: "
        "a node that has this key is connected already" in caplog.text
    )


def test_whoever_asks_hears_version_classes_and_time(tmp_path):
    status, body = ask(tmp_path, scope("/federation", "10.0.0.7"))
    assert status == 200
    assert set(json.loads(body)) == {"time", "versions", "label_map"}
