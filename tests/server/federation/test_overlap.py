"""The hospitals' fingerprints in a run: asked for, checked, compared; nobody's refusal stops the others."""

import threading
from dataclasses import replace

import pytest
from flwr.app import ConfigRecord, Message, RecordDict

from common.overlap.fingerprints import Fingerprints
from common.overlap.matches import CrossDuplicates
from common.protocol import names
from server.engines.inprocess import InProcessGrid
from server.federation.exchange import Exchange, Place
from server.federation.overlap import compare_hospitals
from server.federation.participants import Participants, QuorumPolicy
from server.recording.events import Listener
from tests.common.overlap.test_matching import hospital
from tests.support.hospitals import PLAN, Hospitals

STEPS = {"a": 1.0, "b": 2.0, "c": 4.0}
A, B, C = "Hospital A", "Hospital B", "Hospital C"


@pytest.fixture
def hospitals():
    """Three with fingerprints of every odd slice; a's test slice 7 is b's training slice 3."""
    made = Hospitals(STEPS)
    said = {}
    for seed, (key, d) in enumerate(made.described.items()):
        drawn = hospital(key, d.file_count // 2, seed)
        said[key] = replace(drawn, file_count=d.file_count, files_sha256=d.files_sha256)
    said["b"].tokens[1] = said["a"].tokens[3]
    made.fingerprints = {key: each.to_json() for key, each in said.items()}
    made.said = said
    return made


def compared(hospitals: Hospitals, away: str = "") -> CrossDuplicates:
    grid = InProcessGrid(hospitals, len(STEPS))
    exchange = Exchange(grid, threading.Event(), Place(simulated=True, cores=2))
    policy = QuorumPolicy(2, 5, 60)
    members = Participants(exchange, PLAN, hospitals.names, policy, Listener(), {}, lambda description: None)
    present = {key: member for key, member in members.gather().items() if key != away}
    return compare_hospitals(exchange, PLAN, hospitals.names, present, 60.0)


def test_a_test_slice_that_another_trains_on(hospitals):
    found = compared(hospitals)
    assert (7 in hospitals.described["a"].test_idx, 3 in hospitals.described["b"].train_idx) == (True, True)
    assert list(found.shared) == [A, B, C]
    assert (found.shared[A].slices, found.shared[A].test_slices_trained_elsewhere) == (1, 1)
    assert (found.shared[B].slices, found.shared[B].test_slices_trained_elsewhere) == (1, 0)
    assert found.shared[C].slices == 0
    assert [(each.hospital, each.matches) for each in found.lists] == [("a", ((7, B, 3),)), ("b", ((3, A, 7),))]
    assert not found.left_out


def test_one_without_a_key_is_named_and_the_others_are_compared(hospitals):
    hospitals.fingerprints["c"] = ""
    found = compared(hospitals)
    assert found.left_out == {C: "no fingerprint_key"}
    assert list(found.shared) == [A, B]
    assert C not in found.shared[A].with_each


def test_one_that_is_away_is_named(hospitals):
    found = compared(hospitals, away="a")
    assert found.left_out == {A: "not connected"}
    assert list(found.shared) == [B, C]


def test_nobody_left_to_compare_with_is_not_a_clean_result(hospitals):
    hospitals.fingerprints |= {"b": "", "c": ""}
    found = compared(hospitals)
    assert found.left_out == {A: "nobody to compare with", B: "no fingerprint_key", C: "no fingerprint_key"}
    assert found.test_slices_trained_elsewhere is None


def test_another_key_than_the_others(hospitals):
    hospitals.fingerprints["a"] = replace(hospitals.said["a"], key_mark="other").to_json()
    found = compared(hospitals)
    assert found.left_out == {A: "another key than the others"}
    assert list(found.shared) == [B, C]


@pytest.mark.parametrize(
    "change",
    [{"hospital": "b"}, {"name": "Hospital B"}, {"files_sha256": "old"}, {"file_count": 99}],
    ids=str,
)
def test_fingerprints_of_something_else_are_left_out(hospitals, change):
    changed: Fingerprints = replace(hospitals.said["a"], **change)
    hospitals.fingerprints["a"] = changed.to_json()
    found = compared(hospitals)
    assert found.left_out == {A: "its fingerprints are of other files than it described"}


def test_nonsense_and_refusals_are_left_out_with_their_reason(hospitals):
    def refuse(key: str, message: Message, answer: Message) -> Message:
        if key != "b" or not message.metadata.message_type.startswith("query."):
            return answer
        refusal = ConfigRecord({"code": "KEY007", "sentence": "see its log", "exit-code": 2})
        return Message(RecordDict({names.WHO: answer.content[names.WHO], names.REFUSAL: refusal}), reply_to=message)

    hospitals.fingerprints["a"] = "{}"
    hospitals._twist = refuse
    found = compared(hospitals)
    assert found.left_out[A].startswith("DUP001")
    assert found.left_out[B] == "KEY007: see its log"
    assert found.left_out[C] == "nobody to compare with"
