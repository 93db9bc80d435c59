"""The server's optimisers against steps worked out by hand, for one weight and two hospitals."""

import math

import numpy as np
import pytest

from common.config.strategies import StrategySettings
from tests.support.updates import strategy_of, updates_of


def model(weight: float, variance: float = 1.0):
    return {
        "fc.weight": np.array([weight], np.float32),
        "bn.running_var": np.array([variance], np.float32),
        "bn.num_batches_tracked": np.array(3, np.int64),
    }


def two_rounds(settings: StrategySettings) -> list[float]:
    """From 1, means of 4 (3 counts 30, 7 counts 10) and, from wherever that led, of 1 more."""
    strategy = strategy_of(settings)
    first = strategy.aggregate(1, updates_of((model(3.0), 30), (model(7.0), 10)), model(1.0))
    here = float(first["fc.weight"][0])
    second = strategy.aggregate(2, updates_of((model(here + 2), 30), (model(here - 2), 10)), first)
    return [here, float(second["fc.weight"][0])]


def test_fedavgm_goes_on_with_a_share_of_its_last_step():
    settings = StrategySettings("fedavgm", server_lr=0.5, server_momentum=0.8)
    first = 1 + 0.5 * 3
    second = first + 0.5 * (0.8 * 3 + 1)
    assert two_rounds(settings) == pytest.approx([first, second], rel=1e-6)


def test_fedavgm_with_a_whole_step_and_no_momentum_is_fedavg():
    settings = StrategySettings("fedavgm", server_lr=1.0, server_momentum=0.0)
    assert two_rounds(settings) == two_rounds(StrategySettings())


def test_fedadam_divides_the_mean_step_by_the_root_of_the_mean_square():
    """Flower corrects the bias with the power t + 1, Kingma and Ba with t."""
    rate, b1, b2, tau = 0.1, 0.9, 0.99, 0.01
    here, m, v, expected = 1.0, 0.0, 0.0, []
    for number, step in ((1, 3.0), (2, 1.0)):
        m, v = b1 * m + (1 - b1) * step, b2 * v + (1 - b2) * step**2
        rate_now = rate * math.sqrt(1 - b2 ** (number + 1)) / (1 - b1 ** (number + 1))
        here += rate_now * m / (math.sqrt(v) + tau)
        expected.append(here)
    found = two_rounds(StrategySettings("fedadam", server_lr=rate, beta_1=b1, beta_2=b2, tau=tau))
    assert found == pytest.approx(expected, rel=1e-5)


def test_fedyogi_lets_the_mean_square_change_by_a_bounded_amount():
    rate, b1, b2, tau = 0.1, 0.9, 0.99, 0.01
    here, m, v, expected = 1.0, 0.0, 0.0, []
    for step in (3.0, 1.0):
        m = b1 * m + (1 - b1) * step
        v -= (1 - b2) * step**2 * np.sign(v - step**2)
        here += rate * m / (math.sqrt(v) + tau)
        expected.append(here)
    found = two_rounds(StrategySettings("fedyogi", server_lr=rate, beta_1=b1, beta_2=b2, tau=tau))
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        StrategySettings("fedavgm", server_lr=1.0, server_momentum=0.9),
        StrategySettings("fedadam", server_lr=10.0, beta_1=0.9, beta_2=0.99, tau=1e-3),
        StrategySettings("fedyogi", server_lr=10.0, beta_1=0.9, beta_2=0.99, tau=1e-3),
    ],
    ids=lambda settings: settings.name,
)
def test_statistics_are_the_mean_however_far_the_server_steps(settings):
    strategy, here = strategy_of(settings), model(0.0, 1.0)
    for number, variance in enumerate((1.0, 1e-6, 1e-6), 1):
        here = strategy.aggregate(number, updates_of((model(1.0, variance), 1), (model(1.0, variance), 1)), here)
        assert here["bn.running_var"][0] == np.float32(variance)
        assert here["bn.num_batches_tracked"] == 3


def test_a_repeated_round_starts_from_what_was_sent():
    """Flower's FedAvgM would go on from its own last result."""
    settings = StrategySettings("fedavgm", server_lr=1.0, server_momentum=0.5)
    updates = updates_of((model(3.0), 30), (model(7.0), 10))
    once, twice = strategy_of(settings), strategy_of(settings)
    once.aggregate(1, updates, model(1.0))
    memory = once.memory()
    twice.aggregate(1, updates, model(-50.0))
    twice.recall(memory)
    assert twice.aggregate(2, updates, model(1.0)) == once.aggregate(2, updates, model(1.0))
