"""The list of hospitals follows the folder of keys; a file that is of no use harms nobody else."""

from pathlib import Path

import pytest

from common.errors import RunError
from common.keys import new_key_pair
from server.centre import registry
from server.centre.layout import Centre


@pytest.fixture
def centre(tmp_path):
    made = Centre(tmp_path)
    made.hospitals.mkdir()
    return made


@pytest.fixture
def superlink(monkeypatch):
    """Flower's command line, as far as the registry uses it: no key is registered twice, even after it was revoked."""
    nodes: dict[str, bytes] = {}
    known: set[bytes] = set()

    def flwr(centre, *arguments):
        if arguments[1] == "unregister":
            del nodes[arguments[2]]
            return {"success": True}
        key = Path(arguments[2]).read_bytes().split()[1]
        if key in known:
            raise RunError("CENTRE002", "public key already in use")
        known.add(key)
        nodes[str(len(known))] = key
        return {"node-id": str(len(known))}

    monkeypatch.setattr(registry, "flwr", flwr)
    return nodes


def key(centre, name):
    new_key_pair(centre.folder / f"{name}.key", centre.hospitals / f"{name}.pub", name)


def test_a_file_that_comes_registers_and_one_that_goes_revokes(centre, superlink):
    key(centre, "aiims")
    follows = registry.Registry(centre)
    assert [text.endswith("registered") for text in follows.follow()] == [True]
    assert follows.follow() == []
    (centre.hospitals / "aiims.pub").unlink()
    assert [text.endswith("revoked") for text in follows.follow()] == [True]
    assert not superlink


def test_a_revoked_key_that_comes_back_is_told_what_to_do_and_a_new_one_is_registered(centre, superlink):
    key(centre, "aiims")
    follows, file = registry.Registry(centre), centre.hospitals / "aiims.pub"
    follows.follow()
    content = file.read_bytes()
    file.unlink()
    follows.follow()
    file.write_bytes(content)
    assert ["make a new key" in text for text in follows.follow()] == [True]
    assert follows.follow() == []
    file.unlink()
    (centre.folder / "aiims.key").unlink()
    key(centre, "aiims")
    assert [text.endswith("registered") for text in follows.follow()] == [True]


def test_a_file_that_is_no_key_is_said_once_and_the_others_are_served(centre, superlink):
    (centre.hospitals / "broken.pub").write_text("no key")
    key(centre, "nimhans")
    follows = registry.Registry(centre)
    said = follows.follow()
    assert len(superlink) == 1
    assert any("KEY003" in text and "broken.pub" in text for text in said)
    assert follows.follow() == []


def test_two_hospitals_with_one_key(centre, superlink):
    key(centre, "aiims")
    (centre.hospitals / "twin.pub").write_bytes((centre.hospitals / "aiims.pub").read_bytes())
    follows = registry.Registry(centre)
    assert any("CENTRE002: twin could not be registered" in text for text in follows.follow())
    assert list(follows.registered) == ["aiims"]


def test_a_key_that_becomes_unreadable_is_revoked(centre, superlink):
    key(centre, "aiims")
    follows = registry.Registry(centre)
    follows.follow()
    (centre.hospitals / "aiims.pub").write_text("damaged")
    said = follows.follow()
    assert any("revoked" in text for text in said)
    assert any("KEY003" in text for text in said)
    assert not superlink


def test_a_revocation_that_fails_is_said_and_tried_again(centre, superlink, monkeypatch):
    key(centre, "aiims")
    follows = registry.Registry(centre)
    follows.follow()
    (centre.hospitals / "aiims.pub").unlink()
    working = registry.flwr

    def away(*arguments):
        raise RunError("CENTRE002", "no answer")

    monkeypatch.setattr(registry, "flwr", away)
    assert any("is still let in" in text for text in follows.follow())
    monkeypatch.setattr(registry, "flwr", working)
    assert any("revoked" in text for text in follows.follow())
