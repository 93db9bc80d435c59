import pytest
from flwr.serverapp.strategy import FedAvg

from common import wire
from common.settings import StrategySettings
from server.strategies import make_strategy, quorum


def test_fedavg_weighs_by_training_slices_and_leaves_the_waiting_to_the_server():
    strategy = make_strategy(StrategySettings())
    assert type(strategy) is FedAvg
    assert strategy.weighted_by_key == wire.SAMPLES
    assert (strategy.arrayrecord_key, strategy.configrecord_key) == (wire.ARRAYS, wire.CONFIG)
    assert strategy.fraction_train == 1.0
    assert strategy.min_available_nodes == 1, "Flower would wait for more for ever"


def test_another_name_is_an_error():
    with pytest.raises(ValueError, match="fedmagic"):
        make_strategy(StrategySettings(name="fedmagic"))


@pytest.mark.parametrize(
    ("wanted", "hospitals", "needed"), [(None, 2, 2), (None, 3, 2), (None, 10, 9), (1, 3, 1), (3, 3, 3)]
)
def test_the_quorum_is_all_but_one_and_at_least_two(wanted, hospitals, needed):
    assert quorum(StrategySettings(min_hospitals=wanted), hospitals) == needed
