"""SCAFFOLD on a problem that can be worked out by hand: two hospitals, one weight, quadratic losses.

Hospital i has the loss ``a_i / 2 * (w - t_i)^2``, so the gradient ``a_i * (w - t_i)``. One takes two steps a round, the
other three, at a rate of 0.1.
"""

import numpy as np
import pytest

from common.config.settings import DataPlan, ModelPlan, TrainPlan
from common.config.strategies import StrategySettings
from common.labels import CLASSES
from common.protocol.plan import Plan
from tests.support.updates import strategy_of, updates_of

RATE = 0.1
TRAIN = TrainPlan(batch_size=2, optimiser="sgd", momentum=0.0, lr=RATE, schedule="constant")
PLAN = Plan(42, 3, list(CLASSES), DataPlan(), ModelPlan(), TRAIN)
SLICES = [4, 6]  # in batches of two: two steps and three
STEPS = [2, 3]
SLOPES, TARGETS = [1.0, 2.0], [0.0, 3.0]
OPTIMUM = sum(n * a * t for n, a, t in zip(SLICES, SLOPES, TARGETS, strict=True)) / sum(
    n * a for n, a in zip(SLICES, SLOPES, strict=True)
)


def model(weight: float):
    return {
        "fc.weight": np.array([weight], np.float32),
        "bn.running_var": np.array([1.0], np.float32),
        "bn.num_batches_tracked": np.array(3, np.int64),
    }


def scaffold(server_lr: float = 1.0):
    return strategy_of(StrategySettings("scaffold", server_lr=server_lr), PLAN)


def weight_of(new) -> float:
    return float(new["fc.weight"][0])


def control_of(strategy) -> float:
    return float(strategy.global_control()["fc.weight"][0]) if strategy.global_control() else 0.0


def at_hospital(i: int, x: float, own: float, everybody: float) -> tuple[float, float]:
    """Algorithm 1, lines 7 to 12, with option II, as the paper writes it: the trained weight and the new c_i."""
    y = x
    for _ in range(STEPS[i]):
        y -= RATE * (SLOPES[i] * (y - TARGETS[i]) - own + everybody)
    return y, own - everybody + (x - y) / (STEPS[i] * RATE)


def test_two_rounds_by_hand():
    """Numbers worked out on paper: from w = 1 the hospitals go to 0.81 and 1.976 in round 1."""
    strategy = scaffold()
    ys = [at_hospital(i, 1.0, 0.0, 0.0) for i in (0, 1)]
    assert [y for y, _ in ys] == pytest.approx([0.81, 1.976])
    assert [c for _, c in ys] == pytest.approx([0.95, -3.253333])
    new = strategy.aggregate(1, updates_of((model(ys[0][0]), 4), (model(ys[1][0]), 6)), model(1.0))
    assert weight_of(new) == pytest.approx(0.4 * 0.81 + 0.6 * 1.976)
    assert control_of(strategy) == pytest.approx(0.4 * 0.95 + 0.6 * -3.253333, rel=1e-5)

    x, c = weight_of(new), control_of(strategy)
    again = [at_hospital(i, x, ys[i][1], c) for i in (0, 1)]
    new = strategy.aggregate(2, updates_of((model(again[0][0]), 4), (model(again[1][0]), 6)), new)
    assert weight_of(new) == pytest.approx(0.4 * again[0][0] + 0.6 * again[1][0], rel=1e-6)
    assert control_of(strategy) == pytest.approx(0.4 * again[0][1] + 0.6 * again[1][1], rel=1e-4)


def run(rounds: int, corrected: bool, absent=lambda number: ()) -> tuple[float, list[float], float]:
    """Rounds of both hospitals; return the weight, the c_i and the server's c."""
    strategy, here = scaffold(), model(1.0)
    own: dict[int, float] = {}
    for number in range(1, rounds + 1):
        parts = []
        for i in (0, 1):
            if i not in absent(number):
                c = control_of(strategy)
                start = own.get(i, c) if corrected else c
                y, renewed = at_hospital(i, weight_of(here), start, c)
                own[i] = renewed if i in own or not corrected else (weight_of(here) - y) / (STEPS[i] * RATE)
                parts.append((f"h{i}", model(y), SLICES[i]))
        here = strategy.aggregate(number, updates_of(*(part[1:] for part in parts), keys=[p[0] for p in parts]), here)
    return weight_of(here), [own[i] for i in sorted(own)], control_of(strategy)


def test_it_ends_where_all_slices_together_would_and_fedavg_does_not():
    """The paper's point: unequal steps on unequal losses pull FedAvg's fixed point away from the optimum."""
    assert run(200, corrected=True)[0] == pytest.approx(OPTIMUM, abs=1e-3)
    assert abs(run(200, corrected=False)[0] - OPTIMUM) > 0.05


@pytest.mark.parametrize(
    "absent",
    [lambda number: (), lambda number: (1,) if number == 1 else (), lambda number: (number % 2,) if number > 2 else ()],
    ids=["all", "one joins late", "they take turns"],
)
def test_the_servers_is_the_mean_of_the_hospitals_whoever_was_there(absent):
    _, own, everybody = run(7, corrected=True, absent=absent)
    assert everybody == pytest.approx(0.4 * own[0] + 0.6 * own[1], rel=1e-3)


def test_a_hospital_that_never_taught_has_no_part_in_the_mean():
    strategy = scaffold()
    strategy.aggregate(1, updates_of((model(0.9), 4), keys=["a"]), model(1.0))
    assert control_of(strategy) == pytest.approx(0.1 / (2 * RATE), rel=1e-5)


def test_the_server_may_take_a_part_of_the_step_and_statistics_are_the_mean():
    new = scaffold(0.5).aggregate(1, updates_of((model(2.0), 4), (model(4.0), 6)), model(1.0))
    assert weight_of(new) == pytest.approx(1 + 0.5 * (0.4 * 2 + 0.6 * 4 - 1))
    assert new["bn.running_var"] == 1
    assert new["bn.num_batches_tracked"] == 3
