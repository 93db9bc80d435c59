"""The shortlist loses nothing: to the last bit, what is found is what comparing each picture with each would find."""

import numpy as np
import pytest
from PIL import Image

from bench._slices import _patient
from common.data import shortlist
from common.data.duplicates import find_near_duplicates
from common.data.thumbs import orient
from tests.support.exhaustive import Entry, exhaustive_search


def found(thumbs: np.ndarray) -> list[Entry]:
    pairs = find_near_duplicates(thumbs)
    return list(zip(*(values.tolist() for values in vars(pairs).values()), strict=True))


def slices(count: int, seed: int) -> np.ndarray:
    """Slices of made-up patients, neighbours among them."""
    drawn: list[np.ndarray] = []
    while len(drawn) < count:
        for picture in _patient(np.random.default_rng([seed, len(drawn)])):
            drawn.append(np.asarray(Image.fromarray(picture).resize((32, 32), Image.Resampling.BILINEAR)))
    return np.stack(drawn[:count])


def changed(thumbs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Copies in any orientation, brighter or darker, and so noisy that they lie on both sides of every level."""
    copies = [orient(thumb[None], int(rng.integers(8)))[0] * rng.uniform(0.5, 1.2) for thumb in thumbs]
    spread = np.linspace(0, 14, len(thumbs))[:, None, None]
    return np.clip(np.stack(copies) + spread * rng.standard_normal(thumbs.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def small_blocks(monkeypatch):
    """As many blocks, stretches and parts for some hundred slices as there are for many thousands."""
    for name, value in {"_BLOCK": 12, "_STRETCH": 50, "_WIDTH": 37}.items():
        monkeypatch.setattr(shortlist, name, value)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.usefixtures("small_blocks")
def test_slices_and_copies_in_all_orientations(seed):
    rng = np.random.default_rng(seed)
    originals = slices(110, seed)
    even = np.stack([np.full((32, 32), shade, np.uint8) for shade in (0, 0, 128, 255)])
    equal = np.repeat(originals[:2], 5, axis=0)
    thumbs = rng.permutation(np.concatenate([originals, changed(originals, rng), even, equal]))
    pairs = found(thumbs)
    assert pairs == exhaustive_search(thumbs)
    assert {orientation for *_, orientation in pairs} == set(range(8))
    assert any(0.96 < correlation < 0.965 for _, _, correlation, _ in pairs)


def test_slices_as_they_come():
    thumbs = slices(300, 7)
    assert found(thumbs) == exhaustive_search(thumbs)


@pytest.mark.parametrize("noise", [2, 9, 14, 20])
def test_crowds_of_look_alikes_beside_strangers(noise):
    """Of so many look-alikes only the stronger are kept; the noise decides at which level."""
    rng = np.random.default_rng(noise)
    strength = rng.uniform(0, noise, (280, 1, 1))
    crowd = np.clip(slices(1, 3) + strength * rng.standard_normal((280, 32, 32)), 0, 255).astype(np.uint8)
    crowd[::7] = crowd[::7, :, ::-1]
    thumbs = rng.permutation(np.concatenate([crowd, slices(40, 4)]))
    pairs = found(thumbs)
    assert pairs == exhaustive_search(thumbs)
    assert max(np.bincount([first for first, *_ in pairs])) >= 64


@pytest.mark.usefixtures("small_blocks")
def test_noise_which_no_axes_suit():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (150, 32, 32), dtype=np.uint8)
    thumbs = np.concatenate([noise, changed(noise, rng), noise[:9] // 255])
    pairs = found(thumbs)
    assert pairs == exhaustive_search(thumbs)
    assert len(pairs) > 100


@pytest.mark.parametrize("count", [2, 3, 5])
def test_very_few_pictures(count):
    thumbs = np.concatenate([slices(count - 1, 5), slices(1, 5)[:, ::-1]])
    pairs = found(thumbs)
    assert pairs == exhaustive_search(thumbs)
    assert (0, count - 1) in [(first, second) for first, second, *_ in pairs]


def test_pictures_that_differ_along_one_axis_alone(monkeypatch):
    """Blends of a disc and a ring: whatever tells two of them apart is what they are sorted by."""
    monkeypatch.setattr(shortlist, "_BLOCK", 1)
    places = np.arange(32) - 15.5
    radius = np.hypot(places[:, None], places)
    disc, ring = 200.0 * (radius < 9), 200.0 * ((radius > 9) & (radius < 13))
    share = np.linspace(0, 1, 60)[:, None, None]
    thumbs = (disc * (1 - share) + ring * share).astype(np.uint8)
    pairs = found(thumbs)
    assert pairs == exhaustive_search(thumbs)
    assert 200 < len(pairs) < 1000
