"""One hospital's answers never fill the centre's memory, however many objects they name."""

import hashlib

import pytest
from flwr.proto.message_pb2 import ObjectTree, PushObjectRequest
from flwr.supercore.inflatable.inflatable_object import get_object_id
from flwr.supercore.object_store.in_memory_object_store import InMemoryObjectStore

from common.config.architectures import ARCHITECTURES
from server.centre.held_objects import MOST_BYTES, HeldObjects
from tests.server.centre.test_gate import ask, body_of, from_aiims, hospitals  # noqa: F401

PIECE = b"Array 5\x00" + b"x" * 92


def objects(count):
    """Objects of a hundred bytes, by their identifiers."""
    made = [PIECE[:-8] + f"{number:08d}".encode() for number in range(count)]
    return {get_object_id(content): content for content in made}


def answer(*identifiers):
    children = [ObjectTree(object_id=identifier) for identifier in identifiers]
    return ObjectTree(object_id=hashlib.sha256("".join(identifiers).encode()).hexdigest(), children=children)


def test_what_flower_has_given_on_makes_room(monkeypatch):
    store = InMemoryObjectStore(verify=False)
    held = HeldObjects(store, most_bytes=300)
    names = list(objects(6))
    tree = answer(*names)
    store.preregister(1, tree)
    assert [held.admits("aiims", name, 100) for name in names] == [True, True, True, False, False, False]
    assert held.admits("aiims", names[0], 100), "sent twice, it counts once"
    assert held.admits("nimhans", names[3], 100), "another hospital has its own room"
    store.delete(tree.object_id)
    again = list(objects(2))
    store.preregister(1, answer(*again))
    assert all(held.admits("aiims", name, 150) for name in again)


def test_many_small_objects_are_too_many():
    store = InMemoryObjectStore(verify=False)
    held = HeldObjects(store, most_objects=5)
    names = list(objects(9))
    store.preregister(1, answer(*names))
    assert sum(held.admits("aiims", name, 1) for name in names) == 5


@pytest.mark.parametrize("answers", [1, 4], ids=["one answer of many", "an answer repeated with others"])
def test_the_gate_refuses_the_rest_and_names_the_hospital(hospitals, caplog, answers):  # noqa: F811
    store = InMemoryObjectStore(verify=False)
    held = HeldObjects(store, most_bytes=1000)
    sent = objects(40)
    names = list(sent)
    for part in range(answers):
        store.preregister(1, answer(*names[part::answers]))

    def push(name):
        body = PushObjectRequest(run_id=1, object_id=name, object_content=sent[name]).SerializeToString()
        status = ask(hospitals, from_aiims(hospitals, length=len(body)), receive=body_of(body), held=held)[0]
        if status == 200:
            store.put(name, sent[name])
        return status

    with caplog.at_level("WARNING", "flwr"):
        assert [push(name) for name in names].count(200) == 10
    assert sum(len(entry.content) for entry in store.store.values()) <= 1000
    assert "the key of aiims" in caplog.text
    assert "more than its answer can need" in caplog.text


def test_what_is_no_object_is_left_to_flower(hospitals):  # noqa: F811
    store = InMemoryObjectStore(verify=False)
    request = from_aiims(hospitals, length=5)
    assert ask(hospitals, request, receive=body_of(b"\xff" * 5), held=HeldObjects(store))[0] == 200


def test_the_room_is_that_of_an_answer_of_every_strategy():
    largest = max(each.state_bytes for each in ARCHITECTURES.values())
    assert 2.1 * largest < MOST_BYTES < 200_000_000
