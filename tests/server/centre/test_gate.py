"""Strangers at the gate: none of their bodies is read, and what they say stays what it is."""

import asyncio
import json
import logging

import pytest

from common.config.architectures import ARCHITECTURES
from common.keys import load_public, new_key_pair
from common.model.registry import build_model
from server.centre.connections import Connections
from server.centre.gate import BodyLimits, Gate, from_this_machine
from server.centre.refusals import Refusals, to_log_and_screen
from tests.support.signing import signed_headers

PUSH = "/v1/fleet/push-object"
SMALL = BodyLimits(object_bytes=1000, other_bytes=100, pause_seconds=0.1)


def scope(path, client="10.0.0.7", server="10.0.0.1", headers=()):
    return {"type": "http", "path": path, "client": (client, 5), "server": (server, 8443), "headers": list(headers)}


class Endless:
    """A body that never ends; it counts how much of it was taken."""

    def __init__(self, piece=b"x" * 100, pieces=None):
        self.taken = 0
        self._piece, self._pieces = piece, pieces

    async def __call__(self):
        if self._pieces == 0:
            await asyncio.sleep(3600)
        if self._pieces is not None:
            self._pieces -= 1
        self.taken += len(self._piece)
        return {"type": "http.request", "body": self._piece, "more_body": True}


async def no_body():
    return {"type": "http.request", "body": b"", "more_body": False}


def body_of(*pieces):
    waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting[-1]["more_body"] = False

    async def receive():
        return waiting.pop(0)

    return receive


@pytest.fixture
def hospitals(tmp_path):
    """The centre's folder with the key of aiims; its private half, and a stranger's, lie beside."""
    folder = tmp_path / "hospitals"
    folder.mkdir()
    new_key_pair(tmp_path / "aiims.key", folder / "aiims.pub", "aiims")
    new_key_pair(tmp_path / "stranger.key", tmp_path / "stranger.pub", "stranger")
    return folder


def made(app, folder, connections=None, **options):
    connections = Connections() if connections is None else connections
    return Gate(app, folder, connections, Refusals(to_log_and_screen), **options)


def ask(folder, request, status=200, receive=no_body, **options):
    """Send one request through the gate; return what came out, and what Flower got of its body."""
    sent, got = [], []

    async def app(scope, receive, send):
        while True:
            message = await receive()
            got.append(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})

    async def send(message):
        sent.append(message)

    asyncio.run(made(app, folder, **options)(request, receive, send))
    headers = dict(sent[0]["headers"])
    if sent[0]["status"] >= 400 and not got:
        assert headers[b"connection"] == b"close", "the gate's own refusals end the connection"
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent), b"".join(got)


def from_aiims(hospitals, path=PUSH, length=0, **options):
    signed = signed_headers(hospitals.parent / "aiims.key", **options)
    return scope(path, headers=[*signed, (b"content-length", str(length).encode())])


@pytest.mark.parametrize("path", ["/v1/control/start-run", "/v1/runtime/acquire-task", "/docs", "/", "/v1/fleetx"])
def test_strangers_reach_nothing_but_what_supernodes_need(hospitals, path, caplog):
    body = Endless()
    with caplog.at_level(logging.WARNING, "flwr"):
        assert ask(hospitals, scope(path), receive=body)[0] == 403
    assert f"refused 10.0.0.7: {path}" in caplog.text
    assert body.taken == 0


def test_a_registered_hospital_comes_through_with_its_body(hospitals):
    request = from_aiims(hospitals, length=6)
    assert ask(hospitals, request, receive=body_of(b"abc", b"def")) == (200, b"inside", b"abcdef")


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "10.0.0.1", "::ffff:127.0.0.1"])
def test_the_centre_itself_reaches_everything(hospitals, client):
    assert ask(hospitals, scope("/v1/control/start-run", client))[:2] == (200, b"inside")


def test_an_unknown_peer_is_not_this_machine():
    assert not from_this_machine({"client": None, "server": None})
    assert not from_this_machine({"client": ("", 0), "server": ("", 0)})


def test_without_tls_nobody_has_a_key_and_this_machine_comes_through(hospitals):
    request = scope(PUSH, "127.0.0.1", headers=[(b"content-length", b"0")])
    assert ask(hospitals, request)[0] == 401
    assert ask(hospitals, request, demands_keys=False)[0] == 200


def strangers(folder):
    """Headers of somebody who may not come in, by what is wrong with them."""
    own, aiims = signed_headers(folder / "stranger.key"), signed_headers(folder / "aiims.key")
    key, stamp, signature = aiims
    forged = signed_headers(folder / "stranger.key", shown=load_public(folder / "hospitals" / "aiims.pub"))
    return {
        "nothing": [],
        "a key that is not registered": own,
        "a hospital's key without a signature": [key, stamp],
        "a hospital's key with another's signature": forged,
        "a signature of another time": [key, signed_headers(folder / "aiims.key", 1)[1], signature],
        "an old signature": signed_headers(folder / "aiims.key", -301),
        "a signature of tomorrow": signed_headers(folder / "aiims.key", 86400),
        "two keys, one of them a hospital's": [own[0], *aiims],
        "no base64": [key, stamp, (b"flwr-signature", b"%%%")],
        "no time": [key, (b"flwr-timestamp", b"9999-99-99"), signature],
        "no text": [(b"flwr-public-key", bytes(range(128, 256))), (b"flwr-timestamp", b"\xff"), signature],
    }


@pytest.mark.parametrize("length", [(), [(b"content-length", b"200000000")]])
def test_nothing_is_read_of_a_body_whose_headers_are_not_a_hospitals(hospitals, length):
    for what, headers in strangers(hospitals.parent).items():
        body = Endless()
        status, _, got = ask(hospitals, scope(PUSH, headers=[*headers, *length]), receive=body)
        assert (status, body.taken, got) == (401, 0, b""), what


def test_a_key_counts_from_when_its_file_is_there_until_it_is_removed(hospitals, monkeypatch):
    monkeypatch.setattr("server.centre.request_identity._LOOK_AGAIN_SECONDS", 0)
    other = [*signed_headers(hospitals.parent / "stranger.key"), (b"content-length", b"0")]
    statuses = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        if "status" in message:
            statuses.append(message["status"])

    gate = made(app, hospitals)
    asyncio.run(gate(scope(PUSH, headers=other), no_body, send))
    (hospitals / "stranger.pub").write_bytes((hospitals.parent / "stranger.pub").read_bytes())
    asyncio.run(gate(scope(PUSH, headers=other), no_body, send))
    (hospitals / "stranger.pub").unlink()
    asyncio.run(gate(scope(PUSH, headers=other), no_body, send))
    assert statuses == [401, 200, 401]


@pytest.mark.parametrize(
    ("path", "length", "status", "said"),
    [
        (PUSH, 200_000_000, 413, "it sends 200,000,000 bytes, this federation needs at most 1,000"),
        ("/v1/fleet/push-messages", 101, 413, "at most 100"),
        (PUSH, "", 411, "it does not say how much it sends"),
        (PUSH, "1e3", 411, "it does not say how much it sends"),
        (PUSH, 150, 413, "it sends more than it said"),
    ],
)
def test_a_hospital_sends_no_more_than_the_model_needs(hospitals, path, length, status, said, caplog):
    body = Endless()
    request = from_aiims(hospitals, path, length)
    assert ask(hospitals, request, receive=body, limits=SMALL)[::2] == (status, b"")
    assert body.taken <= 200
    assert f"refused 10.0.0.7 (the key of aiims): {path}, HTTP {status}: it " in caplog.text
    assert said in caplog.text


def test_a_body_that_stops_in_the_middle_is_given_up(hospitals, caplog):
    request = from_aiims(hospitals, length=500)
    assert ask(hospitals, request, receive=Endless(pieces=2), limits=SMALL)[0] == 408
    assert "its request stopped in the middle" in caplog.text


def test_one_hospital_cannot_send_many_at_once(hospitals):
    async def both():
        gate, statuses = made(lambda *_: asyncio.sleep(0), hospitals, limits=SMALL), []

        async def send(message):
            statuses.append(message.get("status"))

        slow = asyncio.create_task(gate(from_aiims(hospitals, length=600), Endless(pieces=1), send))
        await asyncio.sleep(0.02)
        await gate(from_aiims(hospitals, length=600), Endless(), send)
        await slow
        return statuses[0]

    assert asyncio.run(both()) == 503


def test_the_limit_follows_from_the_largest_model(resnet18):
    for name, row in ARCHITECTURES.items():
        tensors = build_model(name).state_dict().values()
        assert row.state_bytes == sum(tensor.numel() * tensor.element_size() for tensor in tensors), name
        assert row.state_bytes < BodyLimits().object_bytes < 200_000_000


def test_an_unregistered_supernode_hears_what_flower_would_say(hospitals):
    request = scope("/v1/fleet/activate-node", headers=signed_headers(hospitals.parent / "stranger.key"))
    status, text, _ = ask(hospitals, request)
    assert (status, json.loads(text)["code"]) == (412, 2004)


def test_a_refused_supernode_is_named_by_its_key(hospitals, caplog):
    with caplog.at_level(logging.WARNING, "flwr"):
        ask(hospitals, from_aiims(hospitals, "/v1/fleet/pull-messages"))
        assert not caplog.text
        ask(hospitals, from_aiims(hospitals, "/v1/fleet/activate-node"), 412)
    assert (
        "refused 10.0.0.7 (the key of aiims): /v1/fleet/activate-node, HTTP 412: "
        "a node that has this key is connected already" in caplog.text
    )


def test_a_wrong_clock_and_a_wrong_signature_are_told_apart(hospitals, caplog):
    ask(hospitals, from_aiims(hospitals, seconds_ahead=60))
    assert "HTTP 401: its clock is 60 s ahead of the centre's" in caplog.text
    forged = signed_headers(hospitals.parent / "stranger.key", shown=load_public(hospitals / "aiims.pub"))
    ask(hospitals, scope(PUSH, headers=forged))
    assert "HTTP 401: the signature is not that of the key" in caplog.text


@pytest.mark.parametrize(
    "path",
    [
        "/x\nWARNING refused 10.0.0.9 (the key of aiims): nothing",
        "/\x1b[2J\x1b]0;title\x07",
        "/refused 10.0.0.9 (the key of aiims)",
        "/v1/fleet/\u202egnp\u2028[bold]x",
        "/" + "a" * 5000,
    ],
)
def test_what_a_stranger_says_stays_one_line_and_cannot_be_taken_for_another(hospitals, path, caplog):
    for request in (scope(path), from_aiims(hospitals, path, seconds_ahead=60)):
        caplog.clear()
        ask(hospitals, request)
        (line,) = caplog.messages
        assert line.isascii()
        assert line.isprintable()
        assert len(line) < 410
        assert line.startswith("refused 10.0.0.7")
        assert " refused 10.0.0.9" not in line.replace("'/refused 10.0.0.9", "").replace("\\nWARNING refused", "")


def test_whoever_asks_hears_version_classes_and_time(hospitals):
    body = Endless()
    status, said, _ = ask(hospitals, scope("/federation"), receive=body)
    assert (status, body.taken) == (200, 0)
    assert set(json.loads(said)) == {"time", "versions", "label_map"}


class Line:
    """A socket, as far as it is looked at."""

    def getsockname(self):
        return "10.0.0.1", 8443


@pytest.mark.parametrize(
    ("request_of", "owner"),
    [
        (lambda hospitals: from_aiims(hospitals), "hospital aiims"),
        (lambda hospitals: scope("/v1/control/start-run", "10.0.0.1"), "centre"),
        (lambda hospitals: scope(PUSH), None),
        (lambda hospitals: scope("/federation"), None),
    ],
)
def test_the_listener_learns_whose_connection_it_is(hospitals, request_of, owner):
    """Also where it has counted none yet when the gate is made: an empty count is a count."""
    counted = Connections()
    request = request_of(hospitals)
    counted.admit(Line(), request["client"])
    ask(hospitals, request, connections=counted)
    assert list(counted._owned) == ([owner] if owner else [])
    assert counted._open[request["client"]].is_answered
    empty = Connections()
    assert made(None, hospitals, connections=empty)._connections is empty


def test_a_websocket_is_nobodys(hospitals):
    async def app(*_):
        raise AssertionError

    asyncio.run(made(app, hospitals)({"type": "websocket", "path": "/v1/control/x", "headers": []}, None, None))
