"""From a plain update the slice can be drawn; from one with noise it cannot."""

from dataclasses import replace

import pytest
import torch
from PIL import Image

from bench.privacy_audit.audited import Claim
from bench.privacy_audit.gradient_match import Search
from bench.privacy_audit.inversion import inversion, mean_stranger, pictures_of, quality
from bench.privacy_audit.one_update import gradient_of, one_update
from common.config.dp import DpPlan
from common.errors import InputError
from common.model.state import model_from_arrays
from common.privacy.stream import SecretStream
from common.training.loss import cross_entropy
from common.training.preprocess import normalise_levels
from common.training.private.sampling import units_of
from common.training.private.train import PrivateRound
from tests.support.audited import phantom_run

DP = DpPlan(8.0, 1e-3, 1.0, 8, 5, 0.0, 1)
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


def test_a_slice_is_drawn_from_an_update_of_one_step(run, update):
    drawn = _quality(run, update)
    assert drawn.psnr_db > 25
    assert drawn.ssim > 0.8
    assert drawn.blind_psnr_db < 20


@pytest.mark.parametrize(("noise", "is_drawn"), [(0.0, True), (1.0, False)])
def test_clipping_alone_hides_nothing_and_noise_does(run, noise, is_drawn):
    private = PrivateRound(DP, noise, 1, SecretStream(bytes(32)))
    run = replace(run, plan=replace(run.plan, dp=DP, train=replace(run.plan.train, softmax="plain")))
    drawn = _quality(run, one_update(run.plan, run.hospitals[0], run.first, 1, private))
    assert (drawn.psnr_db > drawn.blind_psnr_db + 5) == is_drawn
    assert (drawn.psnr_db < drawn.blind_psnr_db - 5) != is_drawn


def test_a_private_step_is_of_one_slice_each_of_so_many_patients(run):
    private = PrivateRound(DP, 0.0, 1, SecretStream(bytes(32)))
    hospital = run.hospitals[0]
    update = one_update(replace(run.plan, dp=DP), hospital, run.first, 3, private)
    assert update.seen.shape == (3, 32, 32)
    firsts = [unit[0] for unit in units_of(hospital.split.train, hospital.patients)[:3]]
    assert update.labels.tolist() == hospital.slices.labels[firsts].tolist()


def test_with_differential_privacy_the_noise_is_the_one_that_the_run_records(run):
    run = replace(run, plan=replace(run.plan, dp=DP, train=replace(run.plan.train, softmax="plain")))
    with pytest.raises(InputError, match="AUDIT022"):
        inversion(run, Search(iterations=1))
    found = inversion(replace(run, claims={run.hospitals[0].key: Claim(8.0, 0.1, 1.0)}), Search(iterations=1))
    assert found[0].batch == 1 < found[1].batch <= 8


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
