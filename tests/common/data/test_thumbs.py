import numpy as np
import pytest

from common.data.thumbs import correlate, correlate_all


def noise(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32), dtype=np.uint8)


def test_correlation_is_that_of_numpy_and_exact_for_equals():
    a, b = noise(20, 1), noise(20, 2)
    expected = [np.corrcoef(x.ravel(), y.ravel())[0, 1] for x, y in zip(a.astype(float), b.astype(float), strict=True)]
    assert correlate(a, b) == pytest.approx(expected, abs=1e-12)
    assert correlate(a, a) == pytest.approx(np.ones(20), abs=1e-15)


def test_each_with_each_is_to_the_last_bit_what_one_with_one_is():
    """Black, white and half-black pictures make the largest sums that single precision must hold."""
    black, white = np.zeros((1, 32, 32), np.uint8), np.full((1, 32, 32), 255, np.uint8)
    half = black.copy()
    half[0, :, 16:] = 255
    nearly = black.copy()
    nearly[0, 0, 0] = 1
    thumbs = np.concatenate([black, white, half, 255 - half, nearly, noise(30, 3), noise(30, 4) // 100])
    rows, columns = np.divmod(np.arange(len(thumbs) ** 2), len(thumbs))
    assert correlate_all(thumbs, thumbs).ravel().tolist() == correlate(thumbs[rows], thumbs[columns]).tolist()


def test_more_pictures_than_fit_at_a_time_are_correlated_alike():
    a, b = noise(2100, 5), noise(2100, 6)
    one_by_one = [float(correlate(a[i : i + 1], b[i : i + 1])[0]) for i in (0, 1023, 1024, 2099)]
    assert correlate(a, b)[[0, 1023, 1024, 2099]].tolist() == one_by_one
