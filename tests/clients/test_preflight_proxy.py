"""Preflight through a proxy: the same checks, and whatever the proxy refuses is named in one sentence."""

import os
import socket

import pytest

from clients import checks
from clients.checks.network import address, clock, key, labels, tls, versions
from common import proxies
from common.keys import new_key_pair
from tests.clients.test_preflight import authority, centre, site, situation  # noqa: F401
from tests.support.connect_proxy import connect_proxy

HOST = "centre.example.org"  # nobody here can resolve it: who gets through, went through the proxy


@pytest.fixture
def through(situation, centre, monkeypatch):  # noqa: F811
    """Look at a centre that only the proxy can reach."""

    def look(proxy, *wanted, url=None, **flags):
        monkeypatch.setenv("HTTPS_PROXY", url or f"http://{proxy.address}")
        return checks.look(situation(superlink=f"{HOST}:8443", **flags), wanted)

    return look


def test_every_check_goes_through_the_proxy(through, centre, tmp_path):  # noqa: F811
    new_key_pair(tmp_path / "own.key", tmp_path / "own.pub", "own")
    with connect_proxy(to=("127.0.0.1", centre([HOST]))) as proxy:
        wanted = (address, tls, clock, versions, labels, key)
        *outcomes, knocked = through(proxy, *wanted, private_key=str(tmp_path / "own.key"))
        assert [outcome.state for outcome in outcomes] == ["ok"] * 5, outcomes
        assert outcomes[0].sentence == f"{HOST}:8443 answers, through the proxy {proxy.address}."
        assert "The centre does not know this key" in knocked.sentence, "Flower's own client asked, too"
        assert len(proxy.asked) == 4
        assert all(line.startswith(f"CONNECT {HOST}:8443 ") for line in proxy.asked)


@pytest.mark.parametrize(
    ("how", "name", "said"),
    [
        ({"credentials": "a:b"}, "", "wants a name and a password; set HTTPS_PROXY=http://NAME:PASSWORD@"),
        ({"credentials": "a:b"}, "a:c@", "does not accept the name and the password in HTTPS_PROXY"),
        ({"status": 403}, "", f"does not let this machine through to {HOST}:8443 (HTTP 403); ask those who run it"),
        ({"status": 502}, "", "(HTTP 502)"),
    ],
)
def test_a_proxy_that_refuses_is_named_and_what_to_do(through, how, name, said):
    with connect_proxy(**how) as proxy:
        (outcome,) = through(proxy, address, url=f"http://{name}{proxy.address}")
    assert (outcome.code, outcome.state) == ("PRE001", "failed")
    assert outcome.sentence.startswith(f"The proxy {proxy.address} ")
    assert said in outcome.sentence
    assert "a:c" not in outcome.sentence, "no password on a screen"


def test_a_password_with_signs_in_it_comes_through(through, centre):  # noqa: F811
    with connect_proxy(to=("127.0.0.1", centre([HOST])), credentials="dr who:p@ss/1") as proxy:
        outcomes = through(proxy, address, tls, url=f"http://dr%20who:p%40ss%2F1@{proxy.address}")
    assert [outcome.state for outcome in outcomes] == ["ok", "ok"], outcomes


def test_a_proxy_that_is_not_there_is_named(through):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        (outcome,) = through(None, address, url=f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert outcome.state == "failed"
    assert f"check HTTPS_PROXY, or set NO_PROXY={HOST} to go without it" in outcome.sentence


def test_a_proxy_that_opens_tls_is_suspected(through, centre, tmp_path):  # noqa: F811
    from server.centre.certificates import new_authority

    other = tmp_path / "other.crt", tmp_path / "other.key"
    new_authority(*other, 100)
    with connect_proxy(to=("127.0.0.1", centre([HOST], by=other))) as proxy:
        outcome = through(proxy, address, tls)[-1]
    assert outcome.state == "failed"
    assert f"such as the proxy {proxy.address}, which must not open TLS" in outcome.sentence


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1", "https://127.0.0.1:1", "http://127.0.0.1:port", "http://"])
def test_a_proxy_of_another_kind_is_refused(through, url):
    (outcome,) = through(None, address, url=url)
    assert outcome.state == "failed"
    assert outcome.sentence.startswith("HTTPS_PROXY ")


def test_this_machine_is_always_reached_straight(situation, centre, monkeypatch):  # noqa: F811
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    outcomes = checks.look(situation(centre()), [address, tls, clock])
    assert [outcome.state for outcome in outcomes] == ["ok"] * 3


def test_the_environment_is_as_before_when_the_centre_was_asked(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    monkeypatch.setenv("no_proxy", "example.com")
    before = dict(os.environ)
    with proxies.applied(HOST):
        assert os.environ["https_proxy"] == "http://proxy:1"
        assert os.environ["NO_PROXY"] == "localhost,127.0.0.1,::1"
    assert dict(os.environ) == before
