import numpy as np

from common.data.split_assignment import TEST, TRAIN, VAL, ClassGroup, GroupSequence, assign, seeded_number

SHARES = {TEST: 0.2, VAL: 0.2}


def groups(sizes: list[int], start: int = 0) -> list[ClassGroup]:
    ends = np.cumsum(sizes)
    return [
        ClassGroup(start + n, np.arange(end - size, end) + 1000 * start)
        for n, (size, end) in enumerate(zip(sizes, ends, strict=True))
    ]


def filled(sequences: list[GroupSequence], parts: dict[int, int], part: int) -> int:
    return sum(group.size for sequence in sequences for group in sequence.groups if parts[group.number] == part)


def test_seeded_numbers_are_fixed_for_ever():
    assert seeded_number("seed") == 1851639526980669642


def test_shuffled_groups_fill_the_parts():
    sequences = [GroupSequence(groups([3, 1, 2, 1, 1, 2, 5, 2, 1, 2]))]
    parts = assign(sequences, SHARES, {}, "key")
    assert [filled(sequences, parts, part) for part in (TRAIN, VAL, TEST)] == [12, 4, 4]


def test_what_another_class_settled_counts():
    sequences = [GroupSequence(groups([4, 1, 1, 1, 1, 1, 1, 5, 5]))]
    parts = assign(sequences, SHARES, {0: TEST}, "key")
    assert parts[0] == TEST
    assert [filled(sequences, parts, part) for part in (VAL, TEST)] == [4, 4]


def test_one_sequence_makes_up_for_another():
    sequences = [GroupSequence(groups([9, 1])), GroupSequence(groups([1] * 10, start=50))]
    parts = assign(sequences, SHARES, {}, "key")
    assert [filled(sequences, parts, part) for part in (VAL, TEST)] == [4, 4]


def test_a_listing_passes_over_a_giant():
    listing = groups([1] * 10 + [80] + [1] * 10)
    order = np.concatenate([group.files for group in listing])
    parts = assign([GroupSequence(listing, order, np.full(100, 0.5))], {TEST: 0.05, VAL: 0.05}, {}, "key")
    assert parts[10] == TRAIN
    assert sorted(parts.values()).count(TEST) in range(4, 7)
