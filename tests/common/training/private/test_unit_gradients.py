"""The gradient of each patient, whichever way it is computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from common.config.settings import AugmentPlan, TrainPlan
from common.model.registry import build_model
from common.privacy.stream import SecretStream
from common.training.batches import Slices
from common.training.part import train_only
from common.training.private.clipped_sum import ClippedSum
from common.training.private.unit_gradients import UnitGradients, _together

UNITS = [(7, np.array([0, 1, 2])), (3, np.array([3])), (9, np.array([4, 5]))]
PLAN = TrainPlan(batch_size=4, softmax="plain", precision="float32", label_smoothing=0.1, augment=AugmentPlan())


@pytest.fixture
def head():
    torch.manual_seed(1)
    network = build_model("resnet18_gn").to(memory_format=torch.channels_last)
    train_only(network, "head")
    return network


@pytest.fixture
def slices():
    draw = np.random.default_rng(1)
    return Slices(draw.integers(0, 256, (6, 32, 32, 3), dtype=np.uint8), np.arange(6) % 4)


def summed(network, slices, units, plan=PLAN, clip=0.3, views=1, joint=True):
    gradients = UnitGradients(network, slices, plan, views, joint)
    total = ClippedSum(gradients.weights, clip)
    gradients.add(total, units, SecretStream(bytes(32)), lambda: None)
    return torch.cat([part.flatten() for part in total.sums])


@pytest.mark.parametrize("views", [1, 2])
def test_several_patients_in_one_pass_are_what_each_is_alone(head, slices, views):
    together = summed(head, slices, UNITS, views=views)
    alone = summed(head, slices, UNITS, views=views, joint=False)
    assert float(together.norm()) > 0.3
    assert torch.allclose(together, alone, atol=1e-6)


def test_no_gradient_is_left_behind(head, slices):
    summed(head, slices, UNITS)
    assert all(weight.grad is None for weight in head.parameters())


def test_patients_share_a_pass_up_to_a_batch_and_a_large_one_has_its_own():
    sizes = [3, 1, 2, 9, 2, 2]
    units = [(np.zeros(size, dtype=np.int64), SecretStream(bytes(32))) for size in sizes]

    def groups(room):
        return [[len(seen) for seen, _ in group] for group in _together(units, room)]

    assert groups(4) == [[3, 1], [2], [9], [2, 2]]
    assert groups(0) == [[size] for size in sizes]
