import numpy as np
import pytest
from flwr.serverapp.strategy import FedAvg, FedMedian

from common.model import initial_weights
from common.settings import StrategySettings
from common.state import arrays_from_state
from server.aggregation import aggregate
from server.parking import Parking, sums_only
from server.strategies import make_strategy
from tests.common.descriptions import description
from tests.server.hospitals import question, update


def updates(count):
    reference = arrays_from_state(initial_weights("resnet18", 0))
    generator = np.random.default_rng(1)
    made = []
    for node in range(1, count + 1):
        arrays = {
            name: array + generator.standard_normal(array.shape).astype(array.dtype) ** 2 * np.float32(1e-3)
            if array.dtype == np.float32
            else np.asarray(array + node, array.dtype)
            for name, array in reference.items()
        }
        made.append((f"h{node}", arrays, 10 * node + 3))
    return reference, made


def reply_of(number, arrays, samples):
    return update(question(number), description("a"), arrays, samples)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_average_is_flowers_to_the_bit_whatever_the_order_of_arrival(tmp_path, count):
    reference, made = updates(count)
    replies = [reply_of(number, arrays, samples) for number, (_, arrays, samples) in enumerate(made, 1)]
    flowers = aggregate(make_strategy(StrategySettings()), 1, replies, reference)
    parking = Parking(tmp_path)
    for key, arrays, samples in reversed(made):
        parking.put(key, reply_of(1, arrays, samples))
    ours = parking.average([key for key, *_ in made], [samples for *_, samples in made], reference)
    assert list(ours) == list(flowers)
    for name, array in flowers.items():
        assert ours[name].dtype == array.dtype
        assert np.array_equal(ours[name], array), name


def test_the_files_go_when_it_is_closed(tmp_path):
    _, made = updates(2)
    parking = Parking(tmp_path)
    parking.put("h1", reply_of(1, made[0][1], 5))
    assert list(tmp_path.iterdir())
    parking.close()
    assert not list(tmp_path.iterdir())


def test_only_plain_sums_are_parked():
    assert sums_only(FedAvg())
    assert not sums_only(FedMedian())
