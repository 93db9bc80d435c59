"""What a hospital says of itself is read as it was written, and nothing that cannot be is believed."""

import json

import pytest
from flwr.app import ConfigRecord, Message, RecordDict

from common.protocol import names
from server.federation.description_validation import description_of
from tests.support.descriptions import description
from tests.support.hospitals import question

GOOD = description()


def reply(text: str) -> Message:
    return Message(RecordDict({names.DESCRIPTION: ConfigRecord({"json": text})}), reply_to=question(1, "query"))


def test_a_good_one_is_read_as_it_was_written():
    assert description_of(reply(GOOD.to_json())) == GOOD


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", json.dumps(json.loads(GOOD.to_json()) | {"more": 1})])
def test_what_is_no_description(text):
    assert description_of(reply(text)) == "its description cannot be read"
    assert description_of(Message(RecordDict({}), reply_to=question(1, "query"))) == "its description cannot be read"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"specialty": 7}, "a text is missing"),
        ({"location": [1.0]}, "location"),
        ({"location": [float("nan"), 2.0]}, "location"),
        ({"file_count": -1}, "a count"),
        ({"groups_across_splits": True}, "a count"),
        ({"train_idx": "0123"}, "no list of indices"),
        ({"val_idx": [0.5]}, "no list of indices"),
        ({"train_idx": [0, 0]}, "twice"),
        ({"test_idx": [0]}, "twice"),
        ({"test_idx": [11]}, "does not have"),
        ({"numbers": []}, "not counted"),
        ({"numbers": GOOD.numbers | {"total_samples": 11}}, "do not add up"),
        ({"numbers": GOOD.numbers | {"class_distribution": {"liver": 10}}}, "do not add up"),
        ({"numbers": GOOD.numbers | {"unmatched_folders": [3]}}, "folders"),
        ({"numbers": GOOD.numbers | {"audit": [{"code": "DATA001"}]}}, "audit"),
        ({"split_counts": {"train": {"glioma": "6"}}}, "split is not counted"),
    ],
)
def test_what_cannot_be(changes, says):
    said = description_of(reply(description(**changes).to_json()))
    assert isinstance(said, str)
    assert says in said
