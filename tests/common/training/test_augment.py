"""Augmentation does what its settings say, the same for the same seed, and nothing where it is off."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from common.config.settings import AugmentPlan
from common.training.augment import affine_matrices, augment
from common.training.preprocess import IMAGENET_MEAN, IMAGENET_STD, normalise, to_batch

NONE = AugmentPlan(
    flip=False,
    rotation_degrees=0.0,
    shift_fraction=0.0,
    scale_fraction=0.0,
    brightness=0.0,
    contrast=0.0,
    gamma=0.0,
)
SIZE = 32


def plan(**changes) -> AugmentPlan:
    return AugmentPlan(**{**vars(NONE), **changes})


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def grey_batch(count: int = 16) -> torch.Tensor:
    """Smooth grey slices without symmetry on a black ground."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE - 0.5
    slices = [np.exp(-40 * ((x - 0.1) ** 2 + (y - 0.05 * np.sin(i)) ** 2)) * (200 - 2 * i) for i in range(count)]
    return to_batch(np.repeat(np.stack(slices).astype(np.uint8)[..., None], 3, axis=3))


def levels(normalised: torch.Tensor) -> torch.Tensor:
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
    return (normalised * std + mean) * 255


def test_nothing_on_is_exactly_normalise():
    batch = grey_batch()
    assert torch.equal(augment(batch, NONE, generator()), normalise(batch))


@pytest.mark.parametrize("settings", [NONE, plan(flip=True), plan(brightness=0.1), AugmentPlan(gamma=0.2)])
def test_generator_advances_alike_and_the_batch_is_left_alone(settings):
    batch, used, idle = grey_batch(), generator(), generator()
    before = batch.clone()
    augment(batch, settings, used)
    torch.rand(len(batch), 8, generator=idle)
    assert torch.equal(used.get_state(), idle.get_state())
    assert torch.equal(batch, before)


def test_same_seed_same_batch_other_seed_another():
    batch = grey_batch()
    first = augment(batch, AugmentPlan(), generator(1))
    assert torch.equal(first, augment(batch, AugmentPlan(), generator(1)))
    assert not torch.equal(first, augment(batch, AugmentPlan(), generator(2)))
    assert first.is_contiguous(memory_format=torch.channels_last)
    assert first.dtype == torch.float32


def test_flip_mirrors_about_half_of_the_slices():
    batch = grey_batch(64)
    result, plain = augment(batch, plan(flip=True), generator()), normalise(batch)
    close = {"rtol": 0, "atol": 1e-3}
    kept = [torch.allclose(r, p, **close) for r, p in zip(result, plain, strict=True)]
    mirrored = [torch.allclose(r, p.flip(-1), **close) for r, p in zip(result, plain, strict=True)]
    assert [a != b for a, b in zip(kept, mirrored, strict=True)] == [True] * 64
    assert 20 <= sum(mirrored) <= 44


def test_full_turn_of_the_draws_rotates_by_the_largest_angle():
    draws = torch.full((1, 8), 0.5)
    draws[0, 1] = 1.0
    quarter = plan(rotation_degrees=90.0)
    torch.testing.assert_close(
        affine_matrices(draws, quarter), torch.tensor([[[0.0, -1, 0], [1, 0, 0]]]), atol=1e-6, rtol=0
    )


def test_shift_and_scale_stay_within_their_limits():
    draws = torch.rand(500, 8, generator=generator())
    moved = affine_matrices(draws, plan(shift_fraction=0.1, scale_fraction=0.2))
    assert moved[:, :, 2].abs().max() <= 0.2  # the grid spans 2
    assert moved[:, :, 2].abs().max() > 0.19
    assert 1 / 1.2 <= moved[:, 0, 0].min() < 0.85
    assert 1.2 < moved[:, 0, 0].max() <= 1 / 0.8


def test_what_moves_in_from_outside_is_black():
    white = torch.full((8, 3, SIZE, SIZE), 255, dtype=torch.uint8)
    result = levels(augment(white, plan(rotation_degrees=45.0), generator(3)))
    assert float(result.min()) == pytest.approx(0.0, abs=1e-3)
    assert float(result.max()) == pytest.approx(255.0, abs=1e-3)


def test_grey_is_resampled_as_colour_would_be():
    grey = grey_batch()
    tinted = grey.clone()
    tinted[0, 1, 0, 0] += 1  # one pixel takes the whole batch down the three-channel way
    settings = plan(flip=True, rotation_degrees=15.0, shift_fraction=0.1, scale_fraction=0.1)
    assert torch.equal(augment(grey, settings, generator())[1:], augment(tinted, settings, generator())[1:])


def test_brightness_contrast_and_gamma():
    batch = grey_batch()
    plain = batch.float()
    brighter = levels(augment(batch, plan(brightness=0.2), generator())) - plain
    assert brighter.amax() <= 51.01
    assert brighter[plain.amax(1, keepdim=True).expand_as(plain) > 60].std() > 5
    stretched = levels(augment(batch, plan(contrast=0.3), generator()))
    means = plain.mean((1, 2, 3)), stretched.mean((1, 2, 3))
    torch.testing.assert_close(means[0], means[1], atol=6.0, rtol=0)  # about its own mean, but for what is cut at 0
    assert not torch.allclose(stretched, plain, atol=2.0)
    bent = levels(augment(batch, plan(gamma=0.5), generator()))
    torch.testing.assert_close(bent[plain == 0], plain[plain == 0], atol=1e-3, rtol=0)
    assert not torch.allclose(bent, plain, atol=2.0)
    for result in (stretched, bent):
        assert result.min() >= -1e-3
        assert result.max() <= 255.001


def test_normalised_batch_is_refused():
    for settings in (NONE, AugmentPlan()):
        with pytest.raises(TypeError, match="normalised before"):
            augment(normalise(grey_batch()), settings, generator())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_gpu_augments_as_the_cpu_does():
    batch = grey_batch()
    settings = AugmentPlan(gamma=0.2)
    on_gpu = augment(batch.cuda(), settings, generator())
    assert on_gpu.is_cuda
    torch.testing.assert_close(on_gpu.cpu(), augment(batch, settings, generator()), atol=2e-3, rtol=0)
