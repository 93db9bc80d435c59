import time

import numpy as np
import pytest
from PIL import Image

from common.data.groups import _same_series, _series, read_listing


def patients(sizes: list[int], seed: int = 0) -> np.ndarray:
    """For each patient a series of slices that change a little from one to the next."""
    rng = np.random.default_rng(seed)
    series = []
    for size in sizes:
        here, there = rng.integers(0, 256, (2, 5, 5))
        for share in np.linspace(0, 0.3, size):
            coarse = (here * (1 - share) + there * share).astype(np.uint8)
            series.append(np.asarray(Image.fromarray(coarse).resize((32, 32), Image.Resampling.BILINEAR)))
    return np.stack(series)


def test_numbers_sort_as_numbers():
    paths = ["glioma/10.jpg", "glioma/9.jpg", "glioma/2.jpg", "glioma/p 2/1.jpg", "glioma/p 10/1.jpg"]
    listing = read_listing(paths, range(5), patients([5]))
    assert [paths[index] for index in listing.members] == [paths[index] for index in (2, 1, 0, 3, 4)]


def test_a_listing_that_follows_patients_is_cut_between_them():
    sizes = [6, 4, 7, 3, 5]
    paths = [f"glioma/{100 + number}.jpg" for number in range(25)]
    listing = read_listing(paths, range(25), patients(sizes))
    assert listing.ordered
    assert np.bincount(listing.run).tolist() == sizes
    assert listing.link[0] == 0
    assert (listing.link[1:] > 0.8).sum() == 20


def test_a_shuffled_listing_has_no_order():
    shuffled = patients([6, 4, 7, 3, 5])[np.random.default_rng(0).permutation(25)]
    listing = read_listing([f"glioma/{number}.jpg" for number in range(25)], range(25), shuffled)
    assert not listing.ordered
    assert len(set(listing.run.tolist())) == 25


def test_all_slices_alike_are_no_order():
    rng = np.random.default_rng(0)
    alike = np.clip(patients([1]).astype(int) + rng.integers(-5, 6, (30, 32, 32)), 0, 255).astype(np.uint8)
    assert not read_listing([f"glioma/{number}.jpg" for number in range(30)], range(30), alike).ordered


@pytest.mark.parametrize(
    "pattern", ["glioma/patient {0}/{1}.png", "glioma/P{0:03}_{1}.png", "glioma/p{0}-slice{1}.png"]
)
def test_names_that_tell_the_patient_are_believed(pattern):
    paths = [pattern.format(patient, number) for patient in range(6) for number in range(3)]
    strangers = patients([1] * 18)
    assert np.bincount(read_listing(paths, range(18), strangers).run).tolist() == [3] * 6


def test_training_and_test_prefixes_are_no_patients():
    paths = [f"glioma/{part}-gl_{number}.jpg" for part in ("Te", "Tr") for number in range(9)]
    assert len(set(read_listing(paths, range(18), patients([1] * 18)).run.tolist())) == 18


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_handful_of_files_works(count):
    listing = read_listing([f"glioma/{n}.jpg" for n in range(count)], range(count), patients([count]))
    assert listing.members.tolist() == list(range(count))
    assert not listing.ordered


def test_only_members_are_listed():
    listing = read_listing([f"glioma/{n}.jpg" for n in range(9)], [1, 4, 7], patients([9]))
    assert listing.members.tolist() == [1, 4, 7]


def test_names_of_many_patients_are_counted_once():
    """Counted anew for each of their files, 40,000 names of 8,000 patients would take half a minute."""
    paths = [f"glioma/patient_{number // 5}/{number}.png" for number in range(40_000)]
    start = time.process_time()
    same = _same_series([_series(path)[0] for path in paths])
    assert time.process_time() - start < 8
    assert same.tolist() == [number % 5 != 0 for number in range(1, 40_000)]
