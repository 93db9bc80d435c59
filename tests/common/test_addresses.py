import socket

import pytest

from common.addresses import is_loopback, split_address, why_not_free


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.0.0.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("a.org", False),
        ("", False),
    ],
)
def test_loopback(host, expected):
    assert is_loopback(host) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("a.org:8443", ("a.org", 8443)), ("10.0.0.5:1", ("10.0.0.5", 1)), ("[::1]:9", ("::1", 9))]
)
def test_an_address_has_a_host_and_a_port(text, expected):
    assert split_address(text) == expected


@pytest.mark.parametrize("text", ["", "a.org", "a.org:", ":8443", "a.org:https", "a.org:-1"])
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="is not host:port"):
        split_address(text)


def test_a_port_is_free_or_the_reason_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert "in use" in why_not_free("127.0.0.1", port)
    assert why_not_free("127.0.0.1", port) is None
    assert why_not_free("127.0.0.1", 80000) == "a port is a number up to 65535"
    assert why_not_free("192.0.2.1", 8443)
    assert why_not_free("no-such-host.invalid", 8443)
