"""FedAvg is the mean weighted by training slices, to the bit the same whoever answers first."""

import copy

import numpy as np

from common.config.strategies import StrategySettings
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from tests.server.federation.test_rounds import rounds_of
from tests.support.hospitals import Hospitals, start_arrays
from tests.support.updates import strategy_of, updates_of

REFERENCE = start_arrays()


def an_update(weight: float, variance: float, counter: int):
    return {
        "fc.weight": np.array([weight, -weight], np.float32),
        "bn.running_var": np.array([variance], np.float32),
        "bn.num_batches_tracked": np.array(counter, np.int64),
    }


def combine(*parts):
    return strategy_of(StrategySettings()).aggregate(1, updates_of(*parts), REFERENCE)


def test_it_is_the_mean_weighted_by_training_slices():
    found = combine((an_update(1.0, 4.0, 10), 30), (an_update(5.0, 8.0, 21), 10))
    np.testing.assert_allclose(found["fc.weight"], [(30 * 1 + 10 * 5) / 40, -(30 * 1 + 10 * 5) / 40], rtol=1e-7)
    np.testing.assert_allclose(found["bn.running_var"], [(30 * 4 + 10 * 8) / 40], rtol=1e-7)
    assert found["bn.num_batches_tracked"] == 13  # 12.75, to a whole number


def test_names_order_shapes_and_types_stay():
    found = combine((an_update(1.0, 4.0, 10), 3), (an_update(5.0, 8.0, 21), 1))
    assert list(found) == list(REFERENCE)
    for name, array in REFERENCE.items():
        assert found[name].dtype == array.dtype, name
        assert found[name].shape == array.shape, name


def test_the_mean_of_one_model_is_that_model():
    arrays = arrays_from_state(initial_weights("resnet18", 0))
    parts = [(arrays, 7), (copy.deepcopy(arrays), 7)]
    found = strategy_of(StrategySettings()).aggregate(1, updates_of(*parts), arrays)
    for name, array in arrays.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-6, atol=1e-12)
        assert found[name].dtype == array.dtype


def test_the_order_of_answers_changes_no_bit(monkeypatch):
    """Float additions depend on their order; the sum always runs in configured order."""
    models = []
    for first in (0, 1, 2):
        hospitals = Hospitals({"a": 0.1, "b": 0.7, "c": 1 / 3})
        rounds = rounds_of(hospitals)
        exchange = rounds.training.exchange
        ask = exchange.ask

        def late(requests, timeout, ask=ask, first=first):
            pairs = list(ask(requests, timeout))
            return iter(pairs[first:] + pairs[:first])

        monkeypatch.setattr(exchange, "ask", late)
        models.append(rounds.run_round(1, start_arrays())[0])
    for model in models[1:]:
        assert all(np.array_equal(model[name], models[0][name]) for name in model)
