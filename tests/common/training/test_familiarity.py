"""What the network makes of an image, in numbers by which noise and patterns are told from slices."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from common.metrics.familiar.sums import fit, sum_features
from common.model.registry import build_model
from common.training.batches import Slices
from common.training.familiarity import feature_count, features_at, features_of
from common.training.preprocess import normalise, to_batch
from tests.support.slices import some_slices

NAME = "resnet18"


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model(NAME).eval()


def test_there_are_as_many_as_it_says_and_a_batch_changes_nothing(model):
    slices = some_slices(70, 32)
    found = features_at(model, slices, np.arange(70), NAME)
    assert found.shape == (70, feature_count(NAME))
    alone = features_of(model, normalise(to_batch(slices.pixels[[69]])), NAME)
    np.testing.assert_allclose(alone[0], found[69], rtol=1e-4, atol=1e-4)
    assert features_at(model, slices, np.arange(0), NAME).shape == (0, feature_count(NAME))


def test_progress_is_told_and_what_it_raises_ends_it(model):
    told = []
    features_at(model, some_slices(70, 32), np.arange(70), NAME, lambda done, total: told.append((done, total)))
    assert told == [(0, 2), (1, 2)]


def test_discs_are_near_and_noise_patterns_and_grey_are_far(model):
    rng, (y, x) = np.random.default_rng(0), np.mgrid[:32, :32]

    def disc() -> np.ndarray:
        radius, level = rng.uniform(9, 13), rng.uniform(60, 120)
        inside = (x - rng.uniform(14, 18)) ** 2 + (y - rng.uniform(14, 18)) ** 2 < radius**2
        return np.clip(inside * (level + rng.normal(0, 8, (32, 32))), 0, 255)

    def pixels(*images: np.ndarray) -> np.ndarray:
        return np.repeat(np.stack(images)[..., np.newaxis], 3, axis=3).astype(np.uint8)

    discs = Slices(pixels(*(disc() for _ in range(240))), np.zeros(240, np.int64))
    known = fit([sum_features(features_at(model, discs, np.arange(120), NAME))])
    limit = np.quantile(known.distances(features_at(model, discs, np.arange(120, 240), NAME)), 0.95)
    strange = pixels(rng.uniform(0, 255, (32, 32)), 60 + 50 * np.sin(x / 2), np.full((32, 32), 80), disc()[:, ::-1].T)
    far = known.distances(features_of(model, normalise(to_batch(strange)), NAME)) > limit
    assert far.tolist() == [True, True, True, False]
