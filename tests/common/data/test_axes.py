import numpy as np
import pytest

from common.data.axes import COARSE, FINE, find_axes
from common.data.thumbs import correlate_all, orient


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """Smooth and rough ones, an even one, and one that is all but even."""
    rng = np.random.default_rng(seed)
    coarse = np.kron(rng.integers(0, 256, (count, 4, 4)), np.ones((8, 8)))
    rough = rng.integers(0, 256, (count, 32, 32)) * rng.uniform(0, 1, (count, 1, 1))
    special = np.full((2, 32, 32), 200)
    special[1, 3, 5] = 201
    return np.concatenate([np.clip(coarse + rough, 0, 255), special]).astype(np.uint8)


@pytest.mark.parametrize("orientation", range(8))
def test_a_product_of_descriptions_is_never_below_the_correlation(orientation):
    thumbs, others = pictures(60), pictures(60, 1)
    axes = find_axes(thumbs)
    exact = correlate_all(thumbs, orient(others, orientation))
    for of_thumbs, of_others in zip(axes.describe(thumbs), axes.describe(others), strict=True):
        product = of_thumbs @ axes.turn(of_others, orientation).T
        shaped = np.abs(exact).sum(axis=0) > 0
        assert (product - exact)[:, shaped].min() > -1e-6


@pytest.mark.parametrize("orientation", range(8))
@pytest.mark.parametrize("count", [1, 60])
def test_the_description_of_a_turned_picture_is_the_turned_description(orientation, count):
    thumbs = pictures(count)
    axes = find_axes(thumbs)
    turned = axes.describe(orient(thumbs, orientation))
    for of_turned, described in zip(turned, axes.describe(thumbs), strict=True):
        assert np.abs(axes.turn(described, orientation) - of_turned).max() < 1e-5


def test_axes_stand_at_right_angles_and_keep_most_of_a_picture():
    thumbs = pictures(200)
    axes = find_axes(thumbs)
    flat = axes.patterns.reshape(len(axes.patterns), -1)
    assert flat @ flat.T == pytest.approx(np.eye(len(flat)), abs=1e-12)
    coarse, fine = axes.describe(thumbs)
    assert FINE - 1 <= fine.shape[1] <= FINE
    assert COARSE - 1 <= coarse.shape[1] <= COARSE
    assert (fine[:, -1] <= coarse[:, -1] + 1e-6).all()
