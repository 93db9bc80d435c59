import pytest

from common.config.settings import TrainPlan
from common.training.optim import learning_rate, rates_of_round


def test_cosine_falls_from_the_rate_to_zero():
    plan = TrainPlan(lr=0.1)
    assert [learning_rate(plan, done, 10) for done in (0, 5, 10)] == pytest.approx([0.1, 0.05, 0.0])


def test_a_constant_rate_stays():
    plan = TrainPlan(lr=0.1, schedule="constant")
    assert [learning_rate(plan, done, 10) for done in (0.5, 5, 10)] == [0.1, 0.1, 0.1]


def test_each_step_of_a_round_has_the_rate_of_its_middle():
    plan = TrainPlan(lr=0.1)
    assert rates_of_round(plan, 3, 10, 2) == [learning_rate(plan, 2.25, 10), learning_rate(plan, 2.75, 10)]
    assert rates_of_round(plan, 3, 10, 0) == []
