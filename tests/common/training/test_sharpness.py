from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from common.config.settings import AugmentPlan, TrainPlan
from common.training.batches import Slices
from common.training.preprocess import normalise, to_batch
from common.training.sharpness import uphill
from common.training.train import RoundContext, train

STILL = AugmentPlan(
    flip=False, rotation_degrees=0, shift_fraction=0, scale_fraction=0, brightness=0, contrast=0, gamma=0
)


def test_the_move_is_rho_long_and_up_the_gradient() -> None:
    model = nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 2.0]]))
        model.bias.fill_(3.0)
    model(torch.tensor([[2.0, 2.0]])).sum().backward()  # gradient (2, 2) and 1, of length 3
    with uphill(model, 0.3):
        assert model.weight.tolist() == [pytest.approx([1.2, 2.2])]
        assert model.bias.tolist() == pytest.approx([3.1])
    assert model.weight.tolist() == [[1.0, 2.0]]
    assert model.bias.tolist() == [3.0]


def test_running_statistics_stay_and_so_do_the_weights_when_the_block_fails() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    model(torch.randn(8, 3)).square().sum().backward()
    before = {name: value.clone() for name, value in model.state_dict().items()}

    def fails_far_away() -> None:
        with uphill(model, 0.5):
            model(torch.randn(8, 3) * 10)
            assert not torch.equal(model[0].weight, before["0.weight"])
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fails_far_away()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    model(torch.randn(8, 3))
    assert model[1].num_batches_tracked == before["1.num_batches_tracked"] + 1


def test_a_step_takes_the_gradient_of_the_moved_weights() -> None:
    random = np.random.default_rng(0)
    slices = Slices(random.integers(0, 255, (12, 32, 32, 3), dtype=np.uint8), np.arange(12) % 4)
    plan = TrainPlan(
        batch_size=12, optimiser="sgd", momentum=0.0, lr=0.1, schedule="constant", sam_rho=0.05, softmax="plain",
        precision="float32", augment=STILL,
    )  # fmt: skip
    torch.manual_seed(1)
    ours, theirs, moved = (nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(48, 4)) for _ in range(3))
    theirs.load_state_dict(ours.state_dict())
    moved.load_state_dict(ours.state_dict())
    train(ours, slices, np.arange(12), plan, RoundContext(0, "a", 1, 1))

    images, labels = normalise(to_batch(slices.pixels)), torch.from_numpy(slices.labels)
    functional.cross_entropy(theirs(images), labels).backward()
    length = torch.sqrt(sum(weight.grad.square().sum() for weight in theirs.parameters()))  # type: ignore[union-attr,arg-type]
    with torch.no_grad():
        for weight, start in zip(moved.parameters(), theirs.parameters(), strict=True):
            weight.add_(start.grad * (0.05 / length))  # type: ignore[operator]
    functional.cross_entropy(moved(images), labels).backward()
    with torch.no_grad():
        for weight, far in zip(theirs.parameters(), moved.parameters(), strict=True):
            weight.sub_(0.1 * far.grad)  # type: ignore[operator]
    for value, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(value, expected)
