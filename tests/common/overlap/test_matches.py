"""Counts by hand: three hospitals of ten slices, 0 to 5 for training, 6 and 7 to validate, 8 and 9 for the test."""

import pytest

from common.overlap.matches import CrossDuplicates, MatchList, Shared, SharedWith, summarise
from tests.support.descriptions import description

A, B, C = "Hospital A", "Hospital B", "Hospital C"
NOBODY = {"patients": 0, "test_patients_trained_there": 0}
DESCRIBED = {key: description(key) for key in "abc"}


@pytest.fixture(scope="module")
def found():
    a = MatchList("a", "", ((0, B, 1), (8, B, 2), (8, B, 3), (8, C, 9), (9, B, 6)))
    b = MatchList("b", "", ((1, A, 0), (2, A, 8), (3, A, 8), (6, A, 9)))
    c = MatchList("c", "", ((9, A, 8),))
    return summarise([a, b, c], DESCRIBED, {})


def test_pairs_slices_and_leaks(found):
    assert found.shared[A] == Shared(3, 1, {B: SharedWith(4, 3, 1), C: SharedWith(1, 1, 0)})
    assert found.shared[B] == Shared(4, 0, {A: SharedWith(4, 4, 0), C: SharedWith(0, 0, 0)})
    assert found.shared[C] == Shared(1, 0, {A: SharedWith(1, 1, 0), B: SharedWith(0, 0, 0)})
    assert found.test_slices_trained_elsewhere == 1


def test_a_slice_that_two_others_train_on_leaks_once():
    a = MatchList("a", "", ((8, B, 0), (8, C, 0)))
    lists = [a, MatchList("b", "", ((0, A, 8), (0, C, 0))), MatchList("c", "", ((0, A, 8), (0, B, 0)))]
    found = summarise(lists, DESCRIBED, {})
    assert (found.shared[A].slices, found.test_slices_trained_elsewhere) == (1, 1)


def test_what_stands_in_the_file(found):
    assert found.to_json(A) == {
        "compared": True,
        "slices": 3,
        "test_slices_trained_elsewhere": 1,
        "patients": 0,
        "test_patients_trained_elsewhere": 0,
        "with": {
            B: {"pairs": 4, "slices": 3, "test_slices_trained_there": 1, **NOBODY},
            C: {"pairs": 1, "slices": 1, "test_slices_trained_there": 0, **NOBODY},
        },
    }
    assert CrossDuplicates(left_out={A: "no key"}).to_json(A) == {"compared": False, "reason": "no key"}


def test_only_lists_with_something_in_them_are_kept():
    lists = [MatchList("a", "", ((0, C, 0),)), MatchList("b", "", ()), MatchList("c", "", ((0, A, 0),))]
    assert [each.hospital for each in summarise(lists, DESCRIBED, {}).lists] == ["a", "c"]


def test_in_a_line(found):
    said = "Slices that another hospital holds too: Hospital A 3, Hospital B 4, Hospital C 1; "
    assert found.sentence == said + "1 test slices are trained on elsewhere, so the test flatters."
    assert found.has_copies
    nothing = summarise([MatchList("a", "", ()), MatchList("b", "", ())], DESCRIBED, {C: "not connected"})
    assert not nothing.has_copies
    assert nothing.test_slices_trained_elsewhere == 0
    assert nothing.sentence.endswith("by keyed fingerprints. Not compared: Hospital C: not connected.")


def test_not_looked_for_is_not_nothing_found():
    found = summarise([], DESCRIBED, {A: "no key", B: "no key", C: "not connected"})
    assert found.test_slices_trained_elsewhere is None
    wanted = "Slices at two hospitals were not looked for (Hospital A, Hospital B: no key; Hospital C: not connected)."
    assert found.sentence == wanted


def test_patients_are_counted_once_and_a_leak_is_called_one():
    a = MatchList("a", "", (), (("01", B, True), ("01", C, False), ("02", B, False)))
    b = MatchList("b", "", (), (("01", A, False), ("02", A, False)))
    found = summarise([a, b, MatchList("c", "", (), (("01", A, False),))], DESCRIBED, {})
    assert (found.shared[A].patients, found.test_patients_trained_elsewhere) == (2, 1)
    assert found.shared[A].with_each[B] == SharedWith(patients=2, test_patients_trained_there=1)
    assert found.sentence.endswith(
        "Patients whose id another hospital knows too: Hospital A 2, Hospital B 2, Hospital C 1; 1 of a test are in a "
        "training elsewhere. Ids can be alike by chance."
    )
    assert [each.hospital for each in found.lists] == ["a", "b", "c"]
    assert MatchList.from_json(a.to_json(), "x") == a
