"""A sum instead of updates: strategies that need one mean get it, and no other is made up."""

import numpy as np
import pytest

from common.config.hydra import compose_settings
from common.config.strategies import StrategySettings
from common.model.weights import AnyArray, Arrays, is_weight
from server.federation.secure.summed import Summed
from server.strategies.updates import Updates
from tests.support.hospitals import start_arrays
from tests.support.secure import Play, session_of, update_of
from tests.support.updates import strategy_of, updates_of


def summed() -> Summed:
    mean = {name: array + array.dtype.type(1) for name, array in start_arrays().items()}
    return Summed(["a", "b"], [4, 8], lambda: iter(()), mean=mean)


def test_the_mean_is_what_a_strategy_combines():
    updates = summed()
    found = strategy_of(StrategySettings()).aggregate(1, updates, start_arrays())
    assert all(np.array_equal(array, updates.mean[name]) for name, array in found.items())
    assert updates.weights == [4, 8]


@pytest.mark.parametrize("name", ["fedavg", "fedprox", "fedavgm", "fedadam", "fedyogi"])
def test_a_strategy_ends_where_it_would_without_masks_to_the_bound(name):
    """Between what it makes of a mean that is the bound longer and of one that is shorter, with a round's memory."""
    play = Play(session_of(3, bits=16))
    start, mean, settings = play.reference, play.run(), compose_settings([f"strategy={name}"]).strategy
    keys, counts = play.session.hospitals, list(play.samples.values())
    bound = play.quantiser.error(3, sum(counts))

    def model_of(updates: Updates) -> Arrays:
        strategy = strategy_of(settings)
        strategy.aggregate(1, first, start)
        return strategy.aggregate(2, updates, start)

    def summed_of(moved: float) -> Summed:
        nudged = {each: value + value.dtype.type(moved if is_weight(each) else 0) for each, value in mean.items()}
        return Summed(keys, counts, lambda: iter(()), mean=nudged)

    first = updates_of(*((update_of(start, 7 + number), count) for number, count in enumerate(counts)))
    plain = model_of(updates_of(*((play.updates[key], play.samples[key]) for key in keys)))
    ends = [model_of(summed_of(moved)) for moved in (-bound, bound)]

    def between(each: str, value: AnyArray) -> AnyArray:
        spare = 4 * np.spacing(np.abs(value)) if value.dtype.kind == "f" else 0
        low, high = np.minimum(ends[0][each], ends[1][each]), np.maximum(ends[0][each], ends[1][each])
        return (low - spare <= value) & (value <= high + spare)

    assert all(between(each, value).all() for each, value in plain.items())
    assert between("fc.weight", model_of(summed_of(5 * bound))["fc.weight"]).mean() < 0.5, "the ends are near enough"


def test_no_mean_of_other_weights_is_made_up():
    with pytest.raises(ValueError, match="one weighting"):
        summed().weighted_mean(start_arrays(), [1, 1])
