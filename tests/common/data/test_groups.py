import numpy as np
from PIL import Image

from common.data.duplicates import exact_duplicates, find_near_duplicates
from common.data.groups import Groups, find_groups


def strangers(count: int, seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 6, 6), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(c).resize((32, 32), Image.Resampling.BILINEAR)) for c in coarse])


def crowd(count: int, noise: int) -> np.ndarray:
    """Pictures that all look alike."""
    wobble = np.random.default_rng(1).integers(-noise, noise + 1, (count, 32, 32))
    return np.clip(strangers(1).astype(int) + wobble, 0, 255).astype(np.uint8)


def grouped(
    thumbs: np.ndarray,
    labels: list[int] | None = None,
    unreadable: tuple[int, ...] = (),
    patient: list[int] | None = None,
) -> Groups:
    count = len(thumbs)
    label = np.array(labels or [0] * count, dtype=np.int64)
    readable = np.ones(count, dtype=bool)
    readable[list(unreadable)] = False
    kept = np.flatnonzero(readable)
    return find_groups(
        [f"{label[n]}/{n:04}.png" for n in range(count)],
        [str(value) for value in label],
        label,
        thumbs,
        readable,
        exact_duplicates([str(n) for n in range(count)]),
        find_near_duplicates(thumbs[kept]).renumbered(kept),
        patient=None if patient is None else np.array(patient, dtype=np.int64),
    )


def test_strangers_stand_alone_numbered_by_appearance():
    groups = grouped(strangers(12))
    assert groups.group.tolist() == list(range(12))
    assert groups.listing.tolist() == [-1] * 12
    assert (groups.level, groups.count) == (0.96, 12)


def test_mirrored_copy_joins_also_under_another_label():
    thumbs = strangers(12)
    thumbs[7] = thumbs[2, :, ::-1]
    groups = grouped(thumbs, [0] * 6 + [1] * 6)
    assert groups.group[7] == groups.group[2]
    assert groups.count == 11


def test_copies_join_even_without_a_likeness():
    thumbs = strangers(9)
    groups = find_groups(
        [f"0/{n}.png" for n in range(9)],
        ["0"] * 9,
        np.zeros(9, dtype=np.int64),
        thumbs,
        np.ones(9, dtype=bool),
        exact_duplicates(list("abcdefgha")),
        find_near_duplicates(thumbs),
    )
    assert groups.group[0] == groups.group[8]


def test_runs_of_a_listing_join():
    first, second = strangers(2).astype(float)
    fade = [(a * (1 - s) + b * s) for a, b in ((first, second), (second, first)) for s in np.linspace(0, 0.4, 8)]
    thumbs = np.stack([*fade, *strangers(8, seed=5)]).astype(np.uint8)
    groups = grouped(thumbs)
    assert len(set(groups.group[:8].tolist())) == 1
    assert groups.position.tolist() == list(range(24))


def test_unreadable_files_are_groups_of_their_own():
    thumbs = strangers(12)
    thumbs[[3, 4, 5]] = 0
    assert grouped(thumbs, unreadable=(3, 4, 5)).count == 12


def test_threshold_rises_where_everything_looks_alike():
    groups = grouped(np.concatenate([crowd(40, 22), strangers(20, seed=4)]))
    assert groups.level > 0.96
    assert np.bincount(groups.group).max() <= 20


def test_only_copies_are_tied_where_nothing_else_tells_slices_apart():
    groups = grouped(crowd(60, 2))
    assert (groups.level, groups.count) == (1.0, 60)


def test_a_small_class_of_one_patient_stays_one_group():
    groups = grouped(np.concatenate([crowd(10, 3), strangers(20, seed=4)]), [0] * 10 + [1] * 20)
    assert groups.level == 0.96
    assert len(set(groups.group[:10].tolist())) == 1


def test_a_known_patient_is_one_group_however_large_and_of_however_many_classes():
    groups = grouped(strangers(60), [0] * 40 + [1] * 20, patient=[0] * 30 + [-1] * 10 + [0] * 5 + [1] * 15)
    assert groups.group.tolist() == [0] * 30 + list(range(1, 11)) + [0] * 5 + [11] * 15
    assert groups.level == 0.96


def test_look_alikes_tie_two_known_patients_unless_they_chain_all():
    thumbs = strangers(12)
    thumbs[7] = thumbs[2, :, ::-1]
    patient = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert grouped(thumbs, patient=patient).group.tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 2, 2, 2]
    chained = grouped(crowd(60, 2), patient=np.repeat(np.arange(12), 5).tolist())
    assert (chained.level, chained.count) == (1.0, 12)


def test_neighbours_of_two_known_patients_are_no_run_and_no_order_is_sought_in_them():
    first, second = strangers(2).astype(float)
    fade = [(a * (1 - s) + b * s) for a, b in ((first, second), (second, first)) for s in np.linspace(0, 0.4, 8)]
    thumbs = np.stack([*fade, *strangers(8, seed=5)]).astype(np.uint8)
    assert len(set(grouped(thumbs).group[:8].tolist())) == 1
    known = grouped(thumbs, patient=list(range(24)))
    assert known.listing.tolist() == [-1] * 24


def test_nobody_known_is_as_if_nobody_had_asked():
    thumbs = np.concatenate([crowd(10, 3), strangers(20, seed=4)])
    one, other = grouped(thumbs), grouped(thumbs, patient=[-1] * 30)
    assert one.group.tolist() == other.group.tolist()
    assert (one.listing.tolist(), one.level) == (other.listing.tolist(), other.level)
