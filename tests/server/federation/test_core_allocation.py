import pytest

from server.federation.core_allocation import allocate_cores


def test_balanced_hospitals_train_side_by_side_largest_first():
    shares = allocate_cores({"a": 486, "b": 1134, "c": 570}, cores=2)
    assert shares == {"b": 1, "c": 1, "a": 1}
    assert next(iter(shares)) == "b"


def test_the_last_of_three_equal_hospitals_gets_every_core():
    shares = allocate_cores({"a": 100, "b": 100, "c": 100}, cores=2)
    assert sorted(shares.values()) == [1, 1, 2]
    assert list(shares.values())[-1] == 2


def test_one_core_is_shared_in_turn():
    assert allocate_cores({"a": 5, "b": 1}, cores=1) == {"a": 1, "b": 1}


def test_many_cores_are_all_used_by_few_hospitals():
    assert sum(allocate_cores({"a": 100, "b": 100}, cores=16).values()) >= 16


def test_it_depends_on_sizes_alone():
    sizes = {"a": 7, "b": 7, "c": 9, "d": 3}
    assert allocate_cores(sizes, 2) == allocate_cores(dict(reversed(sizes.items())), 2)


def test_many_hospitals_are_planned_quickly_and_all_present():
    sizes = {f"h{i}": 100 + i for i in range(40)}
    assert set(allocate_cores(sizes, 4)) == set(sizes)


def test_nobody_to_share_with_is_an_error():
    with pytest.raises(ValueError, match="no hospital"):
        allocate_cores({}, 0)
