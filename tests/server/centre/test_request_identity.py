"""A refused caller is named by its key, with the reason where the headers tell one."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from common.keys import load_public, new_key_pair
from server.centre.request_identity import Caller, RegisteredKeys, identify, refusal_reason

AIIMS = Caller("aiims", "SHA256:abc")
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


def test_the_owner_of_a_key(tmp_path, header):
    def named(request):
        return str(identify(request, RegisteredKeys(tmp_path)))

    assert named(scope(flwr_public_key=header)) == "the key of aiims"
    (tmp_path / "aiims.pub").unlink()
    assert named(scope(flwr_public_key=header)).startswith("unknown key SHA256:")
    assert named(scope(flwr_public_key=b"%%%")) == "unknown key that cannot be read"
    assert named(scope()) == "no key"


def test_a_folder_is_followed_and_what_is_no_key_in_it_is_passed_over(tmp_path, header):
    clock = iter(range(100))
    registered = RegisteredKeys(tmp_path, lambda: next(clock))
    (tmp_path / "broken.pub").write_text("no key")
    (tmp_path / "folder.pub").mkdir()
    assert registered.owner(header)[0] == "aiims"
    (tmp_path / "aiims.pub").rename(tmp_path / "apollo.pub")
    assert registered.owner(header)[0] == "apollo"
    (tmp_path / "apollo.pub").unlink()
    assert registered.owner(header) is None


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (31, "its clock is 31 s ahead of the centre's"),
        (-400, "its clock is 400 s behind the centre's"),
        (2, "it connected before the SuperLink was started, or its key registered; it reconnects by itself"),
    ],
)
def test_a_clock_that_is_off_and_one_that_is_right(ahead, said):
    assert refusal_reason(signed(ahead), 401, AIIMS, NOW) == said


def test_a_second_node_and_an_unknown_key():
    activate = scope("/v1/fleet/activate-node")
    assert refusal_reason(activate, 412, AIIMS, NOW) == "a node that has this key is connected already"
    assert refusal_reason(activate, 412, Caller(None, "SHA256:abc"), NOW) == "it is not registered here"
    assert refusal_reason(scope(), 412, AIIMS, NOW) == ""


@pytest.mark.parametrize("stamp", [b"", b"yesterday", b"2026-11-23T12:00:00", "überm".encode()])
def test_a_time_that_cannot_be_read_is_no_reason(stamp):
    assert refusal_reason(scope(flwr_timestamp=stamp), 401, AIIMS, NOW) == ""
