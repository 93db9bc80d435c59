"""A refused caller is named by its key, with the reason where the headers tell one."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from common.keys import load_public, new_key_pair
from server.centre import request_identity

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def scope(path="/v1/fleet/pull-messages", **headers):
    return {"path": path, "headers": [(name.replace("_", "-").encode(), value) for name, value in headers.items()]}


def signed(seconds_ahead):
    return scope(flwr_timestamp=(NOW + timedelta(seconds=seconds_ahead)).isoformat().encode())


@pytest.fixture
def header(tmp_path):
    """The public key of aiims, as a SuperNode shows it."""
    new_key_pair(tmp_path / "aiims.key", tmp_path / "aiims.pub", "aiims")
    pem = load_public(tmp_path / "aiims.pub").public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(pem)


def test_the_holder_of_a_key(tmp_path, header):
    assert request_identity.holder(scope(flwr_public_key=header), tmp_path) == "the key of aiims"
    (tmp_path / "aiims.pub").unlink()
    assert request_identity.holder(scope(flwr_public_key=header), tmp_path).startswith("unknown key SHA256:")
    assert request_identity.holder(scope(flwr_public_key=b"%%%"), tmp_path) == "unknown key that cannot be read"
    assert request_identity.holder(scope(), tmp_path) == "no key"


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (31, "its clock is 31 s ahead of the centre's"),
        (-400, "its clock is 400 s behind the centre's"),
        (2, "it connected before the SuperLink was started, or its key registered; it connects anew by itself"),
    ],
)
def test_a_clock_that_is_off_and_one_that_is_right(ahead, said):
    assert request_identity.why(signed(ahead), 401, "the key of aiims", NOW) == said


def test_a_second_node_and_an_unknown_key():
    activate = scope("/v1/fleet/activate-node")
    assert (
        request_identity.why(activate, 412, "the key of aiims", NOW) == "a node that has this key is connected already"
    )
    assert request_identity.why(activate, 412, "unknown key SHA256:abc", NOW) == "it is not registered here"
    assert request_identity.why(scope(), 412, "the key of aiims", NOW) == ""


@pytest.mark.parametrize("stamp", [b"", b"yesterday", b"2026-11-23T12:00:00", "überm".encode()])
def test_a_time_that_cannot_be_read_is_no_reason(stamp):
    assert request_identity.why(scope(flwr_timestamp=stamp), 401, "the key of aiims", NOW) == ""
