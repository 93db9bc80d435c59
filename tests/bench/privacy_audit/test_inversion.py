"""From a plain update the slice can be drawn; from one with noise it cannot."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from bench.privacy_audit.gradient_match import Search
from bench.privacy_audit.inversion import inversion, mean_stranger, pictures_of, quality
from bench.privacy_audit.one_update import gradient_of, one_update
from common.model.state import model_from_arrays
from common.training.loss import cross_entropy
from common.training.preprocess import normalise_levels
from tests.support.audited import phantom_run

QUICK = Search(iterations=200)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def run(phantoms, cache):
    return phantom_run(phantoms, cache)


@pytest.fixture
def update(run):
    return one_update(run.plan, run.hospitals[0], run.first, 1)


def _quality(run, update):
    return quality(update.seen, pictures_of(run, update, QUICK), mean_stranger(run.hospitals[0]), 0.0)


def test_a_slice_is_drawn_from_an_update_of_one_step_and_not_from_a_noisy_one(run, update):
    drawn = _quality(run, update)
    assert drawn.psnr_db > 25
    assert drawn.ssim > 0.8
    chance = np.random.default_rng(0)
    length = np.sqrt(sum(float(np.square(update.after[name] - update.before[name]).sum()) for name in update.before))
    size = sum(array.size for array in update.before.values())
    noise = {name: chance.normal(0, length / size**0.25, array.shape) for name, array in update.before.items()}
    noisy = {name: (update.after[name] + noise[name]).astype(np.float32) for name in update.after}
    hidden = _quality(run, replace(update, after=noisy))
    assert hidden.psnr_db < hidden.blind_psnr_db
    assert hidden.ssim < 0.3


def _gradient(run, update):
    model = model_from_arrays(run.plan.model.name, update.before, torch.device("cpu")).train()
    scores = update.mix.scores(model(normalise_levels(255 * update.seen[:, None])))
    cross_entropy(scores, update.mix.targets(update.labels), update.plan).backward()
    return {name: each.grad for name, each in model.named_parameters()}


def test_the_gradient_of_a_step_of_sgd_follows_from_the_update(run, update):
    found = gradient_of(update)
    for name, true in _gradient(run, update).items():
        assert torch.allclose(found[name], true, rtol=1e-2, atol=1e-5), name


def test_of_a_step_of_adam_the_sign_follows_and_small_sizes_do(phantoms, cache):
    run = phantom_run(phantoms, cache, optimiser="adam", lr=1e-4)
    update = one_update(run.plan, run.hospitals[0], run.first, 1)
    found = gradient_of(update)
    for name, true in _gradient(run, update).items():
        sure = true.abs() > 1e-7
        assert torch.equal(found[name].sign()[sure], true.sign()[sure]), name


def test_both_attacks_are_drawn_as_a_picture_where_they_are_asked_for(run, tmp_path):
    told: list[str] = []
    found = inversion(run, Search(iterations=2), tmp_path / "pictures", told.append)
    assert [each.batch for each in found] == [1, 8]
    assert len(told) == 2
    files = sorted((tmp_path / "pictures").iterdir())
    assert [Image.open(file).size for file in files] == [(128, 260), (8 * 132 - 4, 260)]


def test_the_step_is_the_runs_own_rate_and_augmentation(run, update, phantoms, cache):
    still = one_update(phantom_run(phantoms, cache).plan, run.hospitals[0], run.first, 1)
    assert torch.equal(still.seen, update.seen)  # repeatable
    whole = torch.from_numpy(run.hospitals[0].slices.pixels[run.hospitals[0].split.train][..., 0] / 255.0).float()
    assert (whole - update.seen).abs().mean(dim=(1, 2)).min() > 1e-3  # none of the slices as it lies on the disk
