"""What a hospital says of itself is read as it was written, and nothing that cannot be is believed."""

import json

import pytest

from common.protocol.description import Description
from tests.support.descriptions import description

GOOD = description()


def test_it_survives_the_journey_as_one_line():
    text = GOOD.to_json()
    assert "\n" not in text
    assert Description.from_json(text) == GOOD


def test_what_follows_from_it():
    assert description("a", train=6, val=3).train_samples == 6
    assert not GOOD.synthetic
    assert description("a", numbers={"synthetic": True}).synthetic


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", json.dumps(json.loads(GOOD.to_json()) | {"more": 1})])
def test_what_is_no_description(text):
    with pytest.raises(ValueError):
        Description.from_json(text)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"specialty": 7}, "specialty"),
        ({"specialty": "x" * 10_000}, "specialty"),
        ({"location": [1.0]}, "location"),
        ({"location": [float("nan"), 2.0]}, "location"),
        ({"file_count": -1}, "file_count"),
        ({"file_count": 10**15}, "file_count"),
        ({"groups_across_splits": True}, "groups_across_splits"),
        ({"train_idx": "0123"}, "train_idx"),
        ({"val_idx": [0.5]}, "val_idx"),
        ({"train_idx": [0, 0]}, "twice"),
        ({"test_idx": [0]}, "twice"),
        ({"test_idx": [11]}, "does not have"),
        ({"numbers": []}, "numbers"),
        ({"numbers": GOOD.numbers | {"total_samples": 11}}, "do not add up"),
        ({"numbers": GOOD.numbers | {"class_distribution": {"liver": 10}}}, "none of the four"),
        ({"numbers": GOOD.numbers | {"unmatched_folders": [3]}}, "unmatched_folders"),
        ({"numbers": GOOD.numbers | {"audit": [{"code": "DATA001"}]}}, "audit"),
        ({"split_counts": {"train": {"glioma": "6"}}}, "split_counts"),
        ({"split_counts": {"train": {"liver": 6}}}, "none of the four"),
    ],
)
def test_what_cannot_be(changes, says):
    with pytest.raises(ValueError, match=says):
        Description.from_json(description(**changes).to_json())


def test_patients_are_counted_behind_slices_only():
    def heard(**changes):
        return Description.from_json(description("a", 6, 2, 2, **changes).to_json())

    assert heard(patient_counts={"train": 3, "val": 1, "test": 2}, patient_source="dicom").patients == {
        "train": 3,
        "val": 1,
        "test": 2,
        "source": "dicom",
    }
    assert heard(patient_counts={}).patients is None
    for counts in ({"train": 7, "val": 1, "test": 1}, {"train": 0, "val": 1, "test": 1}, {"train": 1}):
        with pytest.raises(ValueError, match="patients"):
            heard(patient_counts=counts)
    for wrong in ({"patient_source": "P1"}, {"patient_counts": {"train": -1, "val": 1, "test": 1}}):
        with pytest.raises(ValueError, match="patient_"):
            heard(**wrong)


def test_slices_in_no_part_are_among_those_held():
    numbers = GOOD.numbers | {"total_samples": 13, "class_distribution": {"glioma": 13}}
    counts = {"train": {"glioma": 6}, "val": {"glioma": 2}, "test": {"glioma": 2}}
    held = {"numbers": numbers, "split_counts": counts, "file_count": 13}
    assert Description.from_json(description("a", 6, 2, 2, gap_count=3, **held).to_json()).gap_count == 3
    with pytest.raises(ValueError, match="more slices than it has"):
        Description.from_json(description("a", 6, 2, 2, gap_count=4, **held).to_json())


def test_classes_that_are_trained_on_and_not_tested_are_known():
    counts = {"train": {"glioma": 4, "pituitary": 2}, "val": {"glioma": 2}, "test": {"glioma": 2}}
    assert description("a", 6, 2, 2, split_counts=counts).untested == ["pituitary"]


def test_a_record_without_patients_is_not_taken_for_other_slices():
    known = description(patient_counts={"train": 3, "val": 1, "test": 2}, patient_source="dicom")
    assert not known.differs(description(patient_counts={}))
    assert known.differs(description())
