import numpy as np
import pytest

from common.data.partition.shares import class_shares

SIZES = np.array([392, 372, 265, 591])


@pytest.mark.parametrize("by", ["patients", "size", "classes"])
@pytest.mark.parametrize("alpha", [0.01, 0.5, 100.0])
@pytest.mark.parametrize("count", [2, 10, 100])
def test_every_class_is_used_up(by, alpha, count):
    shares = class_shares(SIZES, count, by, alpha, 7)
    assert shares.shape == (count, 4)
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=0), 1)


def test_by_patients_all_parts_are_alike():
    assert np.unique(class_shares(SIZES, 8, "patients", 0.5, 1)).tolist() == [1 / 8]


def test_by_size_parts_differ_in_size_and_have_the_folders_mix():
    shares = class_shares(SIZES, 8, "size", 0.5, 1)
    assert (shares == shares[:, :1]).all()
    assert shares.max() > 3 * np.median(shares)


def test_by_classes_parts_are_of_one_size_and_differ_in_their_mix():
    slices = class_shares(SIZES, 10, "classes", 0.5, 1) * SIZES
    np.testing.assert_allclose(slices.sum(axis=1), SIZES.sum() / 10, rtol=0.02)
    mixes = slices / slices.sum(axis=1, keepdims=True)
    assert mixes.max() > 0.7


def test_the_smaller_alpha_is_the_less_alike_are_the_parts():
    apart = [class_shares(SIZES, 40, by, alpha, 3).std() for by in ("size", "classes") for alpha in (0.1, 1.0, 100.0)]
    assert apart[0] > apart[1] > apart[2]
    assert apart[3] > apart[4] > apart[5]


def test_sizes_are_those_of_a_dirichlet():
    """Over many cuts, a share has the distribution's mean and variance."""
    drawn = np.array([class_shares(SIZES, 5, "size", 0.5, seed)[:, 0] for seed in range(600)])
    assert abs(drawn.mean() - 1 / 5) < 1e-9
    variance = (1 / 5) * (4 / 5) / (5 * 0.5 + 1)
    assert abs(drawn.var() - variance) < 0.1 * variance


def test_a_cut_is_the_same_again_and_another_with_another_seed():
    first, again, other = (class_shares(SIZES, 10, "classes", 0.5, seed) for seed in (42, 42, 43))
    assert (first == again).all()
    assert (first != other).any()
    pinned = [0.692554, 0.126824, 0.180622]
    np.testing.assert_allclose(class_shares(SIZES, 3, "size", 0.5, 42)[:, 0], pinned, atol=1e-6)
