"""Messages as a hospital may really push them to the SuperLink: none ends the run, none answers for another."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, RecordDict
from flwr.app.message import remove_content_from_message
from flwr.common.serde import message_to_proto
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects, get_object_tree
from flwr.supercore.run import Run
from flwr.superlink.grid.http_grid import HttpGrid

from common.protocol import names
from server.engines import superlink
from server.engines.superlink import guarded
from tests.support.hospitals import question


class Client:
    """The SuperLink's interface for a run, with one message in its store."""

    def __init__(self, message: Message, spoil: Any = None, reply_to: str = "1") -> None:
        message.metadata.__dict__["_message_id"] = message.object_id
        self.said = message_to_proto(remove_content_from_message(message))
        self.said.metadata.reply_to_message_id = reply_to
        self.tree = get_object_tree(message)
        self.contents = {number: each.deflate() for number, each in get_all_nested_objects(message).items()}
        if spoil:
            self.contents = {number: spoil(content) for number, content in self.contents.items()}

    def PullMessages(self, request):
        return SimpleNamespace(messages_list=[self.said], message_object_trees=[self.tree])

    def PullObject(self, request):
        content = self.contents[request.object_id]
        return SimpleNamespace(object_found=True, object_available=True, object_content=content)

    def ConfirmMessageReceived(self, request):
        pass


def pulled(*arguments: Any, **more: Any) -> list[Message]:
    grid = HttpGrid(token="t")
    grid._client, grid._run = Client(*arguments, **more), Run.create_empty(1)
    return list(guarded(grid).pull_messages(["1"]))


def answer(record: Any = None, number: str = "1") -> Message:
    arrays = ArrayRecord({names.BLOCK: Array(np.arange(5, dtype=np.uint8))})
    return Message(RecordDict({names.ARRAYS: record or arrays}), reply_to=question(1, number=number))


def test_a_good_answer_comes_through():
    (found,) = pulled(answer())
    assert found.metadata.reply_to_message_id == "1"
    np.testing.assert_array_equal(found.content[names.ARRAYS][names.BLOCK].numpy(), np.arange(5))


def test_an_answer_that_claims_to_answer_for_another_answers_what_the_superlink_says():
    (found,) = pulled(answer(number="somebody else's"))
    assert found.metadata.reply_to_message_id == "1"


def test_a_message_that_nobody_asked_for_is_no_answer():
    assert pulled(answer(number=""), reply_to="") == []


def _array(change: dict[str, Any]):
    def spoil(content: bytes) -> bytes:
        head, found, body = content.partition(b"\x00")
        if not found or not head.startswith(b"Array "):
            return content
        return head + b"\x00" + json.dumps({**json.loads(body), **change}).encode()

    return spoil


SPOILT = {
    "no bytes": lambda content: b"",
    "another object": lambda content: content.replace(b"ArrayRecord", b"MetricRecord"),
    "no object of Flower's": lambda content: content.replace(b"Message", b"Massage"),
    "half of it": lambda content: content[: len(content) // 2],
    "an array of chunks that are not there": _array({"arraychunk_ids": [7]}),
    "an array of ten terabytes": _array({"arraychunk_ids": [0] * 200_000}),
    "an array without a shape": _array({"shape": None}),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_an_answer_that_cannot_be_read_is_an_error_of_that_hospital_alone(spoil, monkeypatch):
    monkeypatch.setattr(superlink, "_MOST_BYTES", 100_000)
    (found,) = pulled(answer(), spoil)
    assert found.has_error()
    assert found.error.reason.startswith("its answer cannot be read")
    assert found.metadata.reply_to_message_id == "1"


def test_more_than_an_answer_may_hold_is_not_fetched_to_its_end(monkeypatch):
    monkeypatch.setattr(superlink, "_MOST_BYTES", 1_000)
    (found,) = pulled(answer(ConfigRecord({"x": "x" * 10_000})))
    assert found.has_error()
