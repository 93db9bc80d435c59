"""No small subgroup is told, and none can be worked out from those that are."""

import numpy as np
import pytest

from common.metrics.subgroups import MOST_CELLS, add_subgroups, count_subgroups


def told(groupings: dict[str, list[str]], patient: np.ndarray | None = None, smallest: int = 10):
    count = len(next(iter(groupings.values())))
    patient = np.arange(count) if patient is None else patient
    return count_subgroups(np.arange(count) % 4, np.zeros(count, np.int64), patient, groupings, smallest)


def cells(found) -> list[str]:
    return [each.cell for each in found.cells]


def test_large_cells_are_told_with_their_confusion_matrix():
    found = told({"sex": ["female"] * 12 + ["male"] * 10})
    assert cells(found) == ["female", "male"]
    assert found.withheld == 0
    assert [int(each.confusion.sum()) for each in found.cells] == [12, 10]
    assert found.cells[0].confusion[:, 0].tolist() == [3, 3, 3, 3]


def test_a_single_small_cell_takes_the_next_smallest_with_it():
    found = told({"sequence": ["T1"] * 30 + ["T2"] * 20 + ["FLAIR"] * 9})
    assert cells(found) == ["T1"], "T1 and T2 would give FLAIR away by subtraction"
    assert found.withheld == 2


def test_two_small_cells_that_are_small_together_take_a_third():
    found = told({"sequence": ["T1"] * 30 + ["T2"] * 20 + ["FLAIR"] * 4 + ["DWI"] * 5})
    assert cells(found) == ["T1"]
    found = told({"sequence": ["T1"] * 30 + ["T2"] * 20 + ["FLAIR"] * 6 + ["DWI"] * 7})
    assert cells(found) == ["T1", "T2"], "13 together are not small"


def test_slices_of_unknown_value_are_a_cell_that_is_never_told():
    assert cells(told({"sex": ["female"] * 20 + ["male"] * 30 + [""] * 3})) == ["male"]
    assert told({"sex": ["female"] * 20 + ["male"] * 30 + [""] * 3}).withheld == 1
    assert cells(told({"sex": ["female"] * 20 + [""] * 20})) == ["female"], "20 others are no secret"
    assert told({"sex": [""] * 20}).cells == ()


def test_a_cell_of_two_patients_is_small_however_many_slices_it_has():
    patient = np.concatenate([np.arange(40), np.repeat([100, 101], 20), np.arange(200, 240)])
    found = told({"age": ["0 to 17"] * 40 + ["80 and over"] * 40 + ["18 to 39"] * 40}, patient)
    assert "80 and over" not in cells(found)
    assert len(found.cells) == 1


def test_cells_of_two_groupings_that_differ_by_few_slices_are_not_both_told():
    scanner, sequence = ["A"] * 40 + ["B"] * 40, ["T1"] * 41 + ["T2"] * 39
    found = told({"scanner": scanner, "sequence": sequence})
    assert [each.by for each in found.cells] in (["scanner"] * 2, ["sequence"] * 2)
    same = told({"scanner": scanner, "sequence": ["T1"] * 40 + ["T2"] * 40})
    assert len(same.cells) == 4, "equal cells differ by nothing"


@pytest.mark.parametrize("seed", range(5))
def test_no_difference_of_what_is_told_is_small(seed):
    chance = np.random.default_rng(seed)
    groupings = {
        by: chance.choice(list("abcdef"), 120, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.05]) for by in ("sex", "scanner")
    }
    groupings["sequence"] = np.where(chance.random(120) < 0.03, "z", groupings["scanner"])
    patient = np.arange(120) // 3
    found = told({by: list(of) for by, of in groupings.items()}, patient)
    known = [groupings[each.by] == each.cell for each in found.cells] + [np.ones(120, bool)]
    for by, of in groupings.items():
        rest = ~np.isin(of, [each.cell for each in found.cells if each.by == by])
        known += [rest] if rest.any() else []
    for one in known:
        assert one.sum() >= 10
        assert len(np.unique(patient[one])) >= 3
        for other in known:
            assert not 0 < (one ^ other).sum() < 10


def test_the_smallest_cell_is_the_hospitals_to_say():
    assert cells(told({"sex": ["female"] * 5 + ["male"] * 20}, smallest=5)) == ["female", "male"]
    assert cells(told({"sex": ["female"] * 12 + ["male"] * 20}, smallest=20)) == []


def test_scanners_are_not_without_number():
    found = told({"scanner": [f"S{i:03}" for i in range(40) for _ in range(10 + i % 3)]})
    assert len(found.cells) == MOST_CELLS
    assert found.withheld == 40 - MOST_CELLS


def test_equal_cells_of_hospitals_add_up():
    one, other = told({"sex": ["female"] * 12 + ["male"] * 10}), told({"sex": ["female"] * 11 + [""] * 30})
    both = add_subgroups([one, other, told({"sex": ["female"] * 20 + ["male"] * 20})])
    assert {each.cell: (int(each.confusion.sum()), each.patients) for each in both.cells} == {
        "female": (43, 43),
        "male": (30, 30),
    }
    assert both.withheld == 0
