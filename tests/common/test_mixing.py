from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from common.batches import Slices
from common.images.tensors import normalise, to_batch
from common.mixing import Blend, Blender
from common.seeds import stream_seed
from common.settings import AugmentPlan, TrainPlan
from common.train import Moment, train

STILL = AugmentPlan(
    flip=False, rotation_degrees=0, shift_fraction=0, scale_fraction=0, brightness=0, contrast=0, gamma=0
)
IMAGES = torch.arange(6.0).view(6, 1, 1, 1).expand(6, 3, 4, 4).contiguous(memory_format=torch.channels_last)
LABELS = torch.tensor([0, 1, 2, 3, 0, 1])


def test_a_blend_holds_both_slices_in_their_shares() -> None:
    blender = Blender(0.4, seed=1)
    found = [blend for blend in (blender.blend(IMAGES, LABELS) for _ in range(200)) if blend.others is not None]
    assert 70 <= len(found) <= 130, "about half of the steps"
    for blend in found:
        assert 0.5 <= blend.share <= 1.0
        others = (blend.images[:, 0, 0, 0] - blend.share * IMAGES[:, 0, 0, 0]) / (1.0 - blend.share + 1e-12)
        if blend.share < 0.99:
            partners = others.round().long()
            torch.testing.assert_close(others, partners.float(), atol=1e-3, rtol=0)
            assert sorted(partners.tolist()) == [0, 1, 2, 3, 4, 5], "everybody is somebody's partner"
            assert torch.equal(LABELS[partners], blend.others)
        assert blend.images.is_contiguous(memory_format=torch.channels_last)


def test_the_same_seed_blends_alike() -> None:
    first, second, other = (Blender(1.0, seed) for seed in (3, 3, 4))
    pairs = [(first.blend(IMAGES, LABELS), second.blend(IMAGES, LABELS)) for _ in range(20)]
    assert all(torch.equal(one.images, two.images) for one, two in pairs)
    assert any(not torch.equal(one.images, other.blend(IMAGES, LABELS).images) for one, _ in pairs)


def test_zero_blends_nothing() -> None:
    blender = Blender(0.0, seed=1)
    assert all(blender.blend(IMAGES, LABELS).images is IMAGES for _ in range(20))


def test_the_loss_is_that_of_both_labels_in_their_shares() -> None:
    blend = Blend(IMAGES, LABELS, LABELS.flip(0), 0.75)
    assert blend.loss(lambda labels: labels[0].double()).item() == pytest.approx(0.75 * 0 + 0.25 * 1)
    assert Blend(IMAGES, LABELS).loss(lambda labels: labels[1].double()).item() == 1.0


def test_training_answers_for_both_labels() -> None:
    random = np.random.default_rng(0)
    slices = Slices(random.integers(0, 255, (24, 32, 32, 3), dtype=np.uint8), np.arange(24) % 4)
    plan = TrainPlan(batch_size=24, lr=1e-12, mixup_alpha=0.4, precision="float32", augment=STILL)
    model = nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(48, 4))
    blended = 0
    for seed in range(6):
        order = np.random.Generator(np.random.PCG64(stream_seed(seed, "a", "order", 1))).permutation(24)
        blender = Blender(0.4, stream_seed(seed, "a", "mixup", 1))
        blend = blender.blend(normalise(to_batch(slices.pixels[order])), torch.from_numpy(slices.labels[order]))
        with torch.no_grad():
            logs, rows = model(blend.images).log_softmax(1), torch.arange(24)
        own, others = (-logs[rows, each].mean().item() for each in (blend.labels, _or(blend.others, blend.labels)))
        expected = blend.share * own + (1.0 - blend.share) * others
        result = train(model, slices, np.arange(24), plan, Moment(seed, "a", 1, 1))
        assert result.loss == pytest.approx(expected, rel=1e-4)
        blended += blend.others is not None
    assert 0 < blended < 6


def _or(labels: torch.Tensor | None, otherwise: torch.Tensor) -> torch.Tensor:
    return otherwise if labels is None else labels
