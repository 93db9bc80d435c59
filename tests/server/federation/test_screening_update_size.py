from dataclasses import replace

import numpy as np
import pytest
import torch

from common.config.settings import TrainPlan
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from server.federation.screening import size_problem

PLAN = TrainPlan(lr=1e-3, batch_size=8)


@pytest.fixture(scope="module")
def reference():
    return arrays_from_state(initial_weights("resnet18", 0))


def moved(reference, by):
    generator = np.random.default_rng(0)
    return {
        name: (array + by * np.sign(generator.standard_normal(array.shape))).astype(array.dtype)
        if array.dtype == np.float32
        else array
        for name, array in reference.items()
    }


def test_every_weight_one_rate_a_step_is_what_adam_does(reference):
    assert size_problem(moved(reference, 5 * PLAN.lr), reference, PLAN, samples=40) is None


def test_a_thousand_times_too_large_is_refused_and_measured(reference):
    problem = size_problem(moved(reference, 1000 * 5 * PLAN.lr), reference, PLAN, samples=40)
    assert problem is not None
    assert "250.0 times" in problem
    assert "5 steps" in problem


def test_batch_normalisation_may_move_as_it_likes(reference):
    far = {name: array + 1e6 if "running_mean" in name else array for name, array in reference.items()}
    assert size_problem(far, reference, PLAN, samples=8) is None


def test_real_training_stays_within_the_bound():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
    before = arrays_from_state(model.state_dict())
    optimiser = torch.optim.Adam(model.parameters(), lr=PLAN.lr)
    for _ in range(20):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(torch.randn(8, 8)), torch.randint(0, 4, (8,))).backward()
        optimiser.step()
    assert size_problem(arrays_from_state(model.state_dict()), before, PLAN, samples=160) is None


def test_steps_of_sgd_have_no_bound(reference):
    plan = replace(PLAN, optimiser="sgd")
    assert size_problem(moved(reference, 1000.0), reference, plan, samples=40) is None
