import pytest

from common.learning_rate import learning_rate
from common.settings import TrainPlan


def test_cosine_falls_from_the_rate_to_zero():
    plan = TrainPlan(lr=0.1)
    assert [learning_rate(plan, done, 10) for done in (0, 5, 10)] == pytest.approx([0.1, 0.05, 0.0])


def test_warmup_rises_linearly():
    plan = TrainPlan(lr=0.1, schedule="constant", warmup_rounds=2)
    assert [learning_rate(plan, done, 10) for done in (0.5, 1, 2, 9)] == pytest.approx([0.025, 0.05, 0.1, 0.1])
