"""A sum instead of updates: strategies that need one mean get it, and no other is made up."""

import numpy as np
import pytest

from common.config.strategies import StrategySettings
from server.federation.secure.summed import Summed
from tests.support.hospitals import start_arrays
from tests.support.updates import strategy_of


def summed() -> Summed:
    mean = {name: array + array.dtype.type(1) for name, array in start_arrays().items()}
    return Summed(["a", "b"], [4, 8], lambda: iter(()), mean=mean)


def test_the_mean_is_what_a_strategy_combines():
    updates = summed()
    found = strategy_of(StrategySettings()).aggregate(1, updates, start_arrays())
    assert all(np.array_equal(array, updates.mean[name]) for name, array in found.items())
    assert updates.weights == [4, 8]


def test_no_mean_of_other_weights_is_made_up():
    with pytest.raises(ValueError, match="one weighting"):
        summed().weighted_mean(start_arrays(), [1, 1])
