"""What a round of training can do to a tensor, and what it cannot; real training keeps within the bounds."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from common.config.settings import TrainPlan
from common.model.state import arrays_from_state
from common.protocol.bounds import Reach, reaches, training_problem
from common.training.optim import make_optimiser, rates_of_round

STEPS = 20
ADAM = TrainPlan(lr=1e-3, batch_size=8)
SGD = replace(ADAM, optimiser="sgd", lr=0.05, momentum=0.9)
PLANS = [
    ADAM,
    replace(ADAM, weight_decay=0.5, schedule="constant"),
    SGD,
    replace(SGD, momentum=0.0, weight_decay=5e-4),
]


class Net(torch.nn.Module):
    """A layer, its normalisation and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Linear(8, 16)
        self.bn = torch.nn.BatchNorm1d(16)
        self.fc = torch.nn.Linear(16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.relu(self.bn(self.conv(x))))


def trained(plan: TrainPlan, server_round: int = 1):
    """Real steps with a hostile choice of slices: one class, so that every gradient points the same way."""
    torch.manual_seed(0)
    model = Net()
    before = arrays_from_state(model.state_dict())
    rates = rates_of_round(plan, server_round, 3, STEPS)
    optimiser = make_optimiser(model, plan)
    for rate in rates:
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad()
        slices = 3 + 5 * torch.randn(8, 8)
        torch.nn.functional.cross_entropy(model(slices), torch.zeros(8, dtype=torch.int64)).backward()
        optimiser.step()
    return before, arrays_from_state(model.state_dict()), rates


@pytest.mark.parametrize("plan", PLANS, ids=["adam", "adam with decay", "momentum", "sgd with decay"])
@pytest.mark.parametrize("server_round", [1, 3])
def test_real_training_keeps_within_the_bounds(plan, server_round):
    before, after, rates = trained(plan, server_round)
    assert training_problem(before, after, plan, rates) is None


@pytest.mark.parametrize("gradients", [[1e-3] * 60, [1.12**step for step in range(60)], [0.0] * 59 + [1.0]])
def test_no_sequence_of_gradients_moves_adam_further_than_the_bound(gradients):
    """Constant, growing so fast that each step is as long as it can be, and the one that comes late."""
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.AdamW([weight], lr=0.01, weight_decay=0.0)
    for gradient in gradients:
        weight.grad = torch.tensor([gradient])
        optimiser.step()
    reach = Reach.of(ADAM, [0.01] * len(gradients)).longest(0.0)
    assert abs(weight.item()) <= reach
    if gradients[-1] > 2:
        assert abs(weight.item()) > 0.9 * reach, "the bound is tight"


def test_late_rounds_with_small_rates_have_small_bounds():
    first, last = (Reach.of(ADAM, rates_of_round(ADAM, number, 10, STEPS)).longest(1.0) for number in (1, 10))
    assert last < first / 50


def poisoned(plan: TrainPlan, changes) -> str | None:
    before, after, rates = trained(plan)
    return training_problem(
        before, after | {name: change(after[name]) for name, change in changes.items()}, plan, rates
    )


def full(value: float):
    return lambda array: np.full_like(array, value)


def one(value: float):
    def change(array):
        array = array.copy()
        array.flat[-1] = value
        return array

    return change


@pytest.mark.parametrize("plan", PLANS, ids=["adam", "adam with decay", "momentum", "sgd with decay"])
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"bn.running_var": full(0.0)}, "bn.running_var holds a variance of 0"),
        ({"bn.running_var": one(0.0)}, "bn.running_var holds a variance of 0"),
        ({"bn.running_var": full(3e38)}, "bn.running_var holds a variance of 3e+38"),
        ({"bn.running_var": one(3e38)}, "bn.running_var holds a variance of 3e+38"),
        ({"bn.running_mean": one(-1e30)}, "bn.running_mean holds a mean of 1e+30"),
        ({"fc.weight": full(1e30)}, "update of fc.weight is"),
        ({"fc.bias": one(1e30)}, "update of fc.bias is"),
        ({"bn.bias": one(-3e38)}, "update of bn.bias is"),
        ({"bn.num_batches_tracked": full(0)}, "bn.num_batches_tracked did not grow by the 20 steps"),
        ({"bn.num_batches_tracked": full(2**62)}, "bn.num_batches_tracked did not grow by the 20 steps"),
    ],
)
def test_what_training_cannot_have_made_is_named_whatever_the_optimiser(plan, changes, named):
    problem = poisoned(plan, changes)
    assert problem is not None
    assert named in problem
    assert len(problem) < 120


def test_with_adam_one_bias_cannot_take_what_the_whole_model_may_go():
    problem = poisoned(ADAM, {"fc.bias": one(4 * ADAM.lr * STEPS * 100)})
    assert problem is not None
    assert "fc.bias" in problem


def test_a_variance_that_steps_have_used_up_may_be_as_small_as_it_likes():
    reference = {"bn.running_var": np.array([1.0], np.float32)}
    dead = {"bn.running_var": np.array([0.0], np.float32)}
    assert training_problem(reference, dead, ADAM, [1e-3] * 2000) is None, "0.9 ** 2000 is nothing in float32"


def test_the_bounds_as_numbers_are_those_that_an_update_is_held_to():
    before = {
        "fc.weight": np.array([0.5, -1.0], np.float32),
        "bn.running_mean": np.array([3.0], np.float32),
        "bn.running_var": np.array([2.0], np.float32),
        "bn.num_batches_tracked": np.array(1),
    }
    train, rates = TrainPlan(), [1e-3] * 7
    reach = reaches(before, train, rates)
    assert list(reach) == ["fc.weight", "bn.running_mean", "bn.running_var"]
    for times, refused in ((0.999, False), (1.01, True)):
        for name, most in reach.items():
            start = before[name] if name == "fc.weight" else 0
            after = before | {name: np.asarray(start + times * most, np.float32) * np.ones_like(before[name])}
            after["bn.num_batches_tracked"] = np.array(8)
            assert bool(training_problem(before, after, train, rates)) == refused, (name, times)
