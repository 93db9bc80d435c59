"""Figures of pictures by hand."""

import pytest
import torch

from bench.privacy_audit.image_quality import MOST_DB, matched, psnr, ssim


def test_an_error_of_a_tenth_everywhere_is_20_db():
    picture = torch.full((16, 16), 0.4)
    assert psnr(picture, picture + 0.1) == pytest.approx(20.0, abs=1e-3)
    assert psnr(picture, picture) == MOST_DB


def test_similarity_of_two_even_pictures_is_that_of_their_levels():
    a, b = 0.2, 0.6
    expected = (2 * a * b + 1e-4) / (a * a + b * b + 1e-4)
    assert ssim(torch.full((16, 16), a), torch.full((16, 16), b)) == pytest.approx(expected, abs=1e-5)


def test_a_picture_is_like_itself_and_unlike_its_negative():
    picture = torch.rand(24, 24, generator=torch.Generator().manual_seed(0))
    assert ssim(picture, picture) == pytest.approx(1.0)
    assert ssim(picture, 1 - picture) < 0


def test_pictures_are_matched_as_a_whole_each_once():
    true = torch.stack([torch.zeros(4, 4), torch.ones(4, 4)])
    made = torch.stack([torch.full((4, 4), 0.9), torch.full((4, 4), 0.6)])  # both are nearer to white
    assert matched(made, true)[:, 0, 0].tolist() == pytest.approx([0.6, 0.9])
