"""Corrections of a step, against steps worked out by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from common.config.settings import TrainPlan
from common.model.state import arrays_from_model
from common.training.gradients import controlled, proximal
from common.training.train import RoundContext, train
from tests.support.slices import small_model, some_slices

MOMENT = RoundContext(seed=42, hospital="aiims_delhi", server_round=2, rounds=5)


def one_weight(start: float) -> nn.Linear:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, start)
    return model


def test_two_proximal_steps_by_hand():
    """Loss w, so the gradient is 1; rate 0.5, mu 0.1: w = 2, 1.5, then 1.5 - 0.5 * (1 + 0.1 * (1.5 - 2)) = 1.025."""
    model = one_weight(2.0)
    correct = proximal(model, 0.1)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.5)
    for expected in (1.5, 1.025):
        optimiser.zero_grad()
        model(torch.ones(1, 1)).sum().backward()
        correct()
        optimiser.step()
        assert model.weight.item() == pytest.approx(expected, rel=1e-6)


def test_it_is_the_gradient_of_the_term_in_the_loss():
    model, start = small_model(), small_model()
    correct = proximal(model, 0.3)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)))
    term = sum(((w - s.detach()) ** 2).sum() for w, s in zip(model.parameters(), start.parameters(), strict=True))
    expected = torch.autograd.grad(0.15 * term, list(model.parameters()))
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    correct()
    for weight, wanted in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(weight.grad, wanted)


def test_without_a_pull_nothing_changes_and_with_one_the_weights_stay_nearer():
    plan = TrainPlan(batch_size=8, lr=1e-2, local_epochs=3)
    start = arrays_from_model(small_model())

    def way(mu: float) -> tuple[dict, float]:
        model = small_model()
        train(model, some_slices(), np.arange(24), plan, MOMENT, correct=proximal(model, mu))
        arrays = arrays_from_model(model)
        return arrays, sum(float(np.square(arrays[n] - start[n]).sum()) for n in arrays if n.endswith("weight"))

    plain = small_model()
    train(plain, some_slices(), np.arange(24), plan, MOMENT)
    unpulled, far = way(0.0)
    assert all(np.array_equal(unpulled[name], array) for name, array in arrays_from_model(plain).items())
    assert way(100.0)[1] < 0.5 * far


def test_a_controlled_step_by_hand():
    """Loss w, so the gradient is 1; rate 0.5, c - c_i = 3: w = 2, then 2 - 0.5 * 4 = 0."""
    model = one_weight(2.0)
    correct = controlled(model, {"weight": np.array([[3.0]], np.float32)})
    model(torch.ones(1, 1)).sum().backward()
    correct()
    torch.optim.SGD(model.parameters(), lr=0.5).step()
    assert model.weight.item() == 0.0
