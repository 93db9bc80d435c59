import numpy as np
import pytest

from common.data.groups import Groups
from common.data.split import Split, groups_across_splits, make_split, take_at_most

SHARES = (0.15, 0.15)


def plain_groups(group: list[int], ordered: bool = False, link: np.ndarray | None = None) -> Groups:
    count = len(group)
    return Groups(
        np.array(group, dtype=np.int64),
        np.full(count, 0 if ordered else -1, dtype=np.int64),
        np.arange(count, dtype=np.int64),
        np.full(count, 0.5) if link is None else link,
        0.96,
    )


def split(labels, groups=None, seed=42, usable=None, shares=SHARES) -> Split:
    labels = np.array(labels, dtype=np.int64)
    usable = np.ones(len(labels), dtype=bool) if usable is None else usable
    return make_split(labels, groups, usable, *shares, seed)


def sizes(parts: Split) -> list[int]:
    return [len(chosen) for chosen in (parts.train, parts.val, parts.test)]


def random_groups(rng: np.random.Generator, count: int, largest: int) -> list[int]:
    """Numbers that come in bunches of 1 to `largest`."""
    return np.repeat(np.arange(count), rng.integers(1, largest + 1, count))[:count].tolist()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ordered", [False, True])
def test_no_group_straddles_and_every_file_has_one_place(seed, ordered):
    rng = np.random.default_rng(seed)
    groups = plain_groups(random_groups(rng, 400, 12), ordered)
    labels = np.sort(rng.integers(0, 4, 400))
    parts = split(labels, groups, seed)
    assert sorted(np.concatenate(list(parts.parts().values())).tolist()) == list(range(400))
    assert groups_across_splits(parts, groups.group) == 0
    for chosen in parts.parts().values():
        assert (np.diff(chosen) > 0).all()
        assert set(labels[chosen].tolist()) == {0, 1, 2, 3}
    for share, chosen in ((0.15, parts.val), (0.15, parts.test)):
        assert abs(len(chosen) / 400 - share) < 0.035


def test_without_groups_each_class_is_divided_to_the_slice():
    parts = split([0] * 100 + [2] * 40)
    assert parts.counts(np.array([0] * 100 + [2] * 40)) == {
        "train": {"glioma": 70, "pituitary": 28},
        "val": {"glioma": 15, "pituitary": 6},
        "test": {"glioma": 15, "pituitary": 6},
    }


def test_a_seed_fixes_the_split_and_another_changes_it():
    first, same, other = (split([0] * 50, seed=seed) for seed in (1, 1, 2))
    assert first.test.tolist() == same.test.tolist()
    assert first.test.tolist() != other.test.tolist()


def test_split_is_this_one_on_every_machine():
    assert split([0] * 14, seed=7, shares=(0.2, 0.2)).test.tolist() == [1, 5, 13]


def test_plain_split_of_related_slices_straddles_and_says_so():
    groups = plain_groups(np.repeat(np.arange(20), 5).tolist())
    assert groups_across_splits(split([0] * 100, None), groups.group) > 10
    assert groups_across_splits(split([0] * 100, groups), groups.group) == 0


@pytest.mark.parametrize("seed", range(8))
def test_a_listing_is_cut_into_stretches_at_most_three_times(seed):
    rng = np.random.default_rng(seed)
    groups = plain_groups(random_groups(rng, 300, 8), ordered=True)
    parts = split([0] * 300, groups, seed)
    along = np.zeros(300, dtype=int)
    along[parts.val], along[parts.test] = 1, 2
    assert (np.diff(along) != 0).sum() <= 4
    assert sizes(parts) == pytest.approx([210, 45, 45], abs=14)


def test_a_listing_is_cut_where_neighbours_differ():
    # 30 patients of 10 slices; each is two runs, much alike within a patient, hardly between two patients
    group = np.repeat(np.arange(60), 5)
    link = np.full(300, 0.9)
    link[::10], link[5::10] = 0.2, 0.75
    parts = split([0] * 300, plain_groups(group.tolist(), True, link))
    patient = np.arange(300) // 10
    assert groups_across_splits(parts, patient) <= 1


def test_large_groups_train():
    groups = plain_groups([0] * 50 + list(range(1, 51)))
    parts = split([0] * 100, groups)
    assert set(range(50)) <= set(parts.train.tolist())
    assert sizes(parts) == [70, 15, 15]


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("group", [[0, 1, 2], [0, 0, 0, 0, 0, 1, 2], [0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 1, 2, 3]])
def test_three_groups_are_enough_for_all_parts(group, ordered):
    assert min(sizes(split([1] * len(group), plain_groups(group, ordered)))) >= 1


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_groups_train_first(count):
    parts = split([1] * count, plain_groups(list(range(count))))
    assert len(parts.train) == count


def test_a_group_of_two_labels_stays_whole():
    group = [0, *range(1, 20), 0, *range(20, 39)]
    parts = split([0] * 20 + [1] * 20, plain_groups(group))
    assert groups_across_splits(parts, np.array(group)) == 0
    assert sizes(parts) == [28, 6, 6]


def test_unusable_files_are_nowhere():
    usable = np.ones(40, dtype=bool)
    usable[[3, 17]] = False
    placed = np.concatenate(list(split([0] * 40, usable=usable).parts().values()))
    assert sorted(placed.tolist()) == np.flatnonzero(usable).tolist()


def test_a_share_of_zero_leaves_the_part_empty():
    assert sizes(split([0] * 20, shares=(0.0, 0.2))) == [16, 0, 4]


def test_thinning_is_even_and_only_where_needed():
    labels = np.array([0] * 100 + [1] * 5, dtype=np.int64)
    usable = np.ones(105, dtype=bool)
    usable[0] = False
    kept = take_at_most(labels, usable, 10)
    assert np.flatnonzero(kept[:100]).tolist() == [1, 10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert kept[100:].all()
    assert take_at_most(labels, usable, None).tolist() == usable.tolist()
