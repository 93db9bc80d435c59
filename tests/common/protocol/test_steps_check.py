from dataclasses import replace

import numpy as np
import pytest

from common.config.settings import TrainPlan
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.model.weights import is_weight
from common.protocol.postprocess import UnusableAnswer, UpdateContext
from common.protocol.steps.check import Check, size_problem
from tests.support import hospitals

PLAN = TrainPlan(lr=1e-3, batch_size=8)


def problem_of(update, reference, plan: TrainPlan, steps: int) -> str | None:
    whole = replace(hospitals.PLAN, train=plan)
    return size_problem(update, UpdateContext(whole, 1, "a", 8 * steps, steps, reference))


@pytest.fixture(scope="module")
def reference():
    return arrays_from_state(initial_weights("resnet18", 0))


def moved(reference, by, steps=5):
    generator = np.random.default_rng(0)
    return {
        name: (array + by * np.sign(generator.standard_normal(array.shape))).astype(array.dtype)
        if is_weight(name)
        else array + array.dtype.type(steps)
        for name, array in reference.items()
    }


def test_every_weight_one_rate_a_step_is_what_adam_does(reference):
    assert problem_of(moved(reference, 5 * PLAN.lr), reference, PLAN, 5) is None


def test_a_thousand_times_too_large_is_refused_and_measured(reference):
    problem = problem_of(moved(reference, 1000 * 5 * PLAN.lr), reference, PLAN, 5)
    assert problem is not None
    assert "conv1.weight is 97" in problem, "as many times as 5 steps allow"
    assert "5 steps" in problem


def test_the_rates_of_the_round_count_where_they_are_known(reference):
    whole = replace(hospitals.PLAN, train=PLAN)
    late = UpdateContext(whole, 9, "a", 40, 5, reference, rates=[1e-6] * 5)
    assert size_problem(moved(reference, 5 * PLAN.lr), late) is not None


def test_steps_of_sgd_have_a_bound_too(reference):
    plan = replace(PLAN, optimiser="sgd", momentum=0.0)
    assert problem_of(moved(reference, 5 * 10 * PLAN.lr), reference, plan, 5) is None, "ten a gradient"
    assert problem_of(moved(reference, 1e30), reference, plan, 5) is not None


def test_what_is_no_model_is_refused_before_its_size_is_looked_at():
    reference = hospitals.start_arrays()
    context = UpdateContext(hospitals.PLAN, 1, "a", 4, 2, reference)
    trained = reference | {"bn.num_batches_tracked": np.array(2, np.int64)}
    assert Check().at_server(trained, context) is trained
    with pytest.raises(UnusableAnswer, match="not finite"):
        Check().at_server(reference | {"fc.weight": np.array([np.nan, 1], np.float32)}, context)
    with pytest.raises(UnusableAnswer, match="missing"):
        Check().at_server({}, context)
