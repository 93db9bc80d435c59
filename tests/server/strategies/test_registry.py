"""Every strategy by its name: made with its numbers, and fit for a network with batch normalisation."""

from dataclasses import replace

import numpy as np
import pytest

from common.config.hydra import compose_settings
from common.config.strategies import STRATEGIES, StrategySettings
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.model.weights import Arrays, is_weight
from server.strategies.registry import make_strategy, quorum
from server.strategies.updates import Updates
from tests.support import hospitals
from tests.support.updates import updates_of

PLAN = replace(hospitals.PLAN, rounds=9)
WHOLE = arrays_from_state(initial_weights("resnet18", 0))
START = {name: array for name, array in WHOLE.items() if name.startswith(("conv1", "bn1", "layer1", "fc"))}


def by_name(name: str, *overrides: str) -> StrategySettings:
    return compose_settings([f"strategy={name}", *overrides]).strategy


def test_another_name_is_an_error():
    with pytest.raises(ValueError, match="fedmagic"):
        make_strategy(StrategySettings(name="fedmagic"), PLAN)


def trained(start: Arrays, hospital: int, server_round: int) -> Arrays:
    """A hospital's model whose weights and statistics jump to and fro, as the first rounds of a bad rate do."""
    generator = np.random.default_rng([hospital, server_round])
    variance = 1e-6 if server_round % 2 else 3.0
    return {
        name: np.asarray(array + 7 * hospital, array.dtype)
        if array.dtype.kind == "i"
        else np.full_like(array, variance * (1 + hospital))
        if name.endswith("running_var")
        else (array + generator.standard_normal(array.shape) * 0.01).astype(array.dtype)
        for name, array in start.items()
    }


@pytest.mark.parametrize("name", STRATEGIES)
def test_statistics_counters_and_types_stay_what_they_are_over_the_rounds(name):
    strategy, arrays = make_strategy(by_name(name), PLAN), START
    for server_round in (1, 2, 3, 4):
        models = [trained(arrays, hospital, server_round) for hospital in range(3)]
        new = strategy.aggregate(server_round, updates_of((models[0], 30), (models[1], 10), (models[2], 20)), arrays)
        assert list(new) == list(START)
        for tensor, array in new.items():
            assert (array.dtype, array.shape) == (START[tensor].dtype, START[tensor].shape), tensor
            assert np.isfinite(array).all(), tensor
            if tensor.endswith("running_var"):
                low, high = (end([model[tensor] for model in models]) for end in (np.min, np.max))
                assert (array > 0).all()
                assert (low <= array).all()
                assert (array <= high).all(), "no statistic is outside what the hospitals saw"
            if tensor.endswith("num_batches_tracked"):
                assert arrays[tensor] <= array <= arrays[tensor] + 14
        assert any(not np.array_equal(new[tensor], arrays[tensor]) for tensor in new if is_weight(tensor))
        arrays = new


@pytest.mark.parametrize("name", STRATEGIES)
def test_what_a_strategy_remembers_is_all_that_it_needs_to_go_on(name):
    """A strategy made anew that recalls the memory gives the bits of one that was never interrupted."""

    def updates(server_round: int) -> Updates:
        return updates_of(*((trained(START, hospital, server_round), 10 + hospital) for hospital in range(3)))

    whole = make_strategy(by_name(name), PLAN)
    undisturbed = [whole.aggregate(number, updates(number), START) for number in (1, 2, 3)]
    memory = {}
    for number, expected in enumerate(undisturbed, 1):
        resumed = make_strategy(by_name(name), PLAN)
        resumed.recall(memory)
        found = resumed.aggregate(number, updates(number), START)
        memory = resumed.memory()
        assert all(np.array_equal(found[tensor], array) for tensor, array in expected.items())
        assert bool(resumed.global_control()) == (name == "scaffold")
    assert all(
        np.array_equal(whole.global_control()[tensor], array) for tensor, array in resumed.global_control().items()
    )


@pytest.mark.parametrize(
    ("wanted", "hospitals", "needed"), [(None, 2, 2), (None, 3, 2), (None, 10, 9), (1, 3, 1), (3, 3, 3)]
)
def test_the_quorum_is_all_but_one_and_at_least_two(wanted, hospitals, needed):
    assert quorum(StrategySettings(min_hospitals=wanted), hospitals) == needed


def test_a_robust_strategy_needs_enough_to_be_robust_among():
    assert quorum(by_name("fedmedian"), 3) == 3
    assert quorum(by_name("fedmedian"), 10) == 9
    assert quorum(by_name("fedtrimmedavg"), 3) == 3
    assert quorum(by_name("krum"), 3) == 3
