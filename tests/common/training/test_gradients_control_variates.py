"""Control variates by hand: what a hospital saw on its way is the mean of the gradients, each by its rate."""

import numpy as np
import pytest
import torch

from common.config.settings import TrainPlan
from common.model.state import arrays_from_model
from common.training.gradients import controlled, mean_gradient, renewed, summed_rates
from common.training.optim import learning_rate
from common.training.train import RoundContext, train
from tests.support.slices import small_model, some_slices

PLAN = TrainPlan(batch_size=8, optimiser="sgd", momentum=0.0, lr=0.1, local_epochs=2, precision="float32")
MOMENT = RoundContext(seed=42, hospital="aiims_delhi", server_round=2, rounds=5)


def test_the_rates_of_a_round_are_those_that_training_uses():
    """Twenty slices in batches of eight are three steps, twice."""
    expected = sum(learning_rate(PLAN, 1 + (step + 0.5) / 6, 5) for step in range(6))
    assert summed_rates(20, PLAN, 2, 5) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("samples", [2, 3, 5, 9, 24])
def test_so_are_they_where_slices_are_few(samples):
    plan = TrainPlan(batch_size=2, lr=0.1)
    for number in (1, 2, 3, 4):
        moment = RoundContext(seed=42, hospital="aiims_delhi", server_round=number, rounds=5)
        steps = train(small_model(), some_slices(), np.arange(samples), plan, moment).steps
        expected = sum(learning_rate(plan, number - 1 + (step + 0.5) / steps, 5) for step in range(steps))
        assert summed_rates(samples, plan, number, 5) == pytest.approx(expected, rel=1e-12)


def test_only_weights_have_control_variates():
    arrays = arrays_from_model(small_model())
    assert set(mean_gradient(arrays, arrays, 1.0)) == {name for name, _ in small_model().named_parameters()}


def test_two_steps_by_hand():
    """From 5, rates 0.5 and 0.25, gradients 2 and 4, own 1, everybody's 3: steps of 4 and 6; mean (1 + 1) / 0.75."""
    start = {"w": np.array([5.0], np.float32)}
    end = {"w": np.array([5 - 0.5 * (2 - 1 + 3) - 0.25 * (4 - 1 + 3)], np.float32)}
    seen = mean_gradient(start, end, 0.75)
    new = renewed({"w": np.array([1.0], np.float32)}, {"w": np.array([3.0], np.float32)}, seen)
    assert new["w"] == pytest.approx([(0.5 * 2 + 0.25 * 4) / 0.75], rel=1e-6)


def test_after_real_training_it_is_the_mean_of_the_gradients_before_they_were_corrected():
    model = small_model()
    start = arrays_from_model(model)
    generator = np.random.default_rng(0)
    own, everybody = (
        {name: generator.standard_normal(w.shape).astype(np.float32) * 0.01 for name, w in model.named_parameters()}
        for _ in range(2)
    )
    correct = controlled(model, {name: everybody[name] - own[name] for name in own})
    gradients: list[dict[str, torch.Tensor]] = []

    def spy() -> None:
        gradients.append({name: weight.grad.clone() for name, weight in model.named_parameters()})
        correct()

    result = train(model, some_slices(), np.arange(24), PLAN, MOMENT, correct=spy)
    rates = [learning_rate(PLAN, 1 + (step + 0.5) / 6, 5) for step in range(6)]
    assert len(gradients) == result.steps == 6
    new = renewed(own, everybody, mean_gradient(start, arrays_from_model(model), summed_rates(24, PLAN, 2, 5)))
    for name in own:
        mean = sum(rate * each[name].double() for rate, each in zip(rates, gradients, strict=True)) / sum(rates)
        np.testing.assert_allclose(new[name], mean.numpy(), rtol=1e-3, atol=2e-6)
