"""Which way leads to a host: the environment's proxy, or straight; the same for us and for Flower's client."""

import httpx
import pytest

from common.errors import InputError
from common.proxies import environment_for, proxy_for, without_proxies

HOST = "centre.example.org"


@pytest.mark.parametrize(
    ("environment", "way"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "proxy:3128"),
        ({"https_proxy": "proxy:3128"}, "proxy:3128"),
        ({"https_proxy": "http://small", "HTTPS_PROXY": "http://great"}, "small:80"),
        ({"ALL_PROXY": "http://u:p@all:1"}, "all:1"),
        ({"HTTP_PROXY": "http://other:1"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": HOST}, None),
        ({"HTTPS_PROXY": "http://proxy", "no_proxy": "a, .example.org"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "EXAMPLE.ORG"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "*.org"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "centre.example.org:8443"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "entre.example.org,,10.0.0.0/8"}, "proxy:80"),
    ],
)
def test_the_way_to_a_host(environment, way):
    found = proxy_for(HOST, environment)
    assert (found and str(found)) == way


@pytest.mark.parametrize(
    ("exceptions", "is_straight"), [("10.1.0.0/16", True), ("10.1.2.3", True), ("10.2.0.0/16", False)]
)
def test_addresses_are_excepted_by_their_network(exceptions, is_straight):
    assert (proxy_for("10.1.2.3", {"HTTPS_PROXY": "http://proxy", "NO_PROXY": exceptions}) is None) == is_straight


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_no_proxy_is_asked_for_this_machine(host):
    assert proxy_for(host, {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "else"}) is None
    assert proxy_for(host, {"HTTPS_PROXY": "socks5://nonsense"}) is None


@pytest.mark.parametrize("url", ["socks5://a:1", "https://a", "http://a:b", "ftp://x", "http://:1", "http://[::1"])
def test_what_cannot_be_used_is_refused(url):
    with pytest.raises(InputError, match="JOIN005"):
        proxy_for(HOST, {"HTTPS_PROXY": url})


@pytest.mark.parametrize("environment", [{}, {"HTTPS_PROXY": "http://u:p@proxy:1", "NO_PROXY": "x.org", "A": "b"}])
@pytest.mark.parametrize("host", [HOST, "x.org", "10.1.2.3"])
def test_flowers_client_goes_the_same_way_and_to_this_machine_straight(environment, host, monkeypatch):
    for name, text in {
        **dict.fromkeys(("HTTPS_PROXY", "NO_PROXY", "https_proxy", "no_proxy"), ""),
        **environment,
    }.items():
        monkeypatch.setenv(name, text)
    made = environment_for(host)
    monkeypatch.undo()
    for name in ("HTTPS_PROXY", "NO_PROXY", "https_proxy", "no_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, made.get(name, ""))
    client = httpx.Client()

    def is_straight(url):
        return client._transport_for_url(httpx.URL(url)) is client._transport

    assert is_straight(f"https://{host}:8443/") == (proxy_for(host, environment) is None)
    assert all(is_straight(f"http://{own}:9094/") for own in ("127.0.0.1", "localhost", "[::1]"))


def test_the_centres_programs_have_none():
    assert without_proxies({"https_proxy": "a", "ALL_PROXY": "b", "NO_PROXY": "c", "PATH": "d"}) == {"PATH": "d"}
