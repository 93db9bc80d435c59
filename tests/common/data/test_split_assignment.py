import numpy as np

from common.data.split_assignment import TEST, TRAIN, VAL, Track, Unit, allot, chance

SHARES = {TEST: 0.2, VAL: 0.2}


def units(sizes: list[int], start: int = 0) -> list[Unit]:
    ends = np.cumsum(sizes)
    return [
        Unit(start + n, np.arange(end - size, end) + 1000 * start)
        for n, (size, end) in enumerate(zip(sizes, ends, strict=True))
    ]


def filled(tracks: list[Track], parts: dict[int, int], part: int) -> int:
    return sum(unit.size for track in tracks for unit in track.units if parts[unit.group] == part)


def test_chance_is_fixed_for_ever():
    assert chance("seed") == 1851639526980669642


def test_shuffled_units_fill_the_parts():
    tracks = [Track(units([3, 1, 2, 1, 1, 2, 5, 2, 1, 2]))]
    parts = allot(tracks, SHARES, {}, "key")
    assert [filled(tracks, parts, part) for part in (TRAIN, VAL, TEST)] == [12, 4, 4]


def test_what_another_class_settled_counts():
    tracks = [Track(units([4, 1, 1, 1, 1, 1, 1, 5, 5]))]
    parts = allot(tracks, SHARES, {0: TEST}, "key")
    assert parts[0] == TEST
    assert [filled(tracks, parts, part) for part in (VAL, TEST)] == [4, 4]


def test_one_track_makes_up_for_another():
    tracks = [Track(units([9, 1])), Track(units([1] * 10, start=50))]
    parts = allot(tracks, SHARES, {}, "key")
    assert [filled(tracks, parts, part) for part in (VAL, TEST)] == [4, 4]


def test_a_listing_passes_over_a_giant():
    listing = units([1] * 10 + [80] + [1] * 10)
    order = np.concatenate([unit.files for unit in listing])
    parts = allot([Track(listing, order, np.full(100, 0.5))], {TEST: 0.05, VAL: 0.05}, {}, "key")
    assert parts[10] == TRAIN
    assert sorted(parts.values()).count(TEST) in range(4, 7)
