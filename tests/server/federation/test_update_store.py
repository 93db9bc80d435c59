import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAvg

from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.model.weights import is_weight
from common.protocol import names
from server.federation.update_store import UpdateStore
from server.strategies.updates import Updates
from tests.support.hospitals import question


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
    weights = ArrayRecord({name: Array(array) for name, array in arrays.items() if is_weight(name)})
    content = RecordDict({names.ARRAYS: weights, names.METRICS: MetricRecord({names.SAMPLES: samples})})
    return Message(content, reply_to=question(number))


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_average_is_flowers_to_the_bit_whatever_the_order_of_arrival(tmp_path, count):
    reference, made = updates(count)
    replies = [reply_of(number, arrays, samples) for number, (_, arrays, samples) in enumerate(made, 1)]
    flowers, _ = FedAvg().aggregate_train(1, replies)
    store = UpdateStore(tmp_path)
    for key, arrays, _ in reversed(made):
        store.put(key, arrays)
    samples = [count for *_, count in made]
    keys = [key for key, *_ in made]
    ours = store.updates(keys, samples).weighted_mean(reference)
    in_memory = Updates(keys, samples, lambda: iter([arrays for _, arrays, _ in made])).weighted_mean(reference)
    assert list(ours) == list(reference)
    for name, array in ours.items():
        assert array.dtype == reference[name].dtype
        assert np.array_equal(array, in_memory[name]), name
        assert not is_weight(name) or np.array_equal(array, flowers[name].numpy()), name


def test_no_update_has_a_name_that_could_stay(tmp_path):
    _, made = updates(2)
    store = UpdateStore(tmp_path)
    store.put("h1", made[0][1])
    assert not list(tmp_path.iterdir()), "so nothing is left by kill -9 either"
    store.close()


def test_an_update_is_replaced_by_the_next_and_harms_no_other(tmp_path):
    store = UpdateStore(tmp_path)
    for key, size in (("a", 3), ("b", 2), ("a", 3), ("a", 5), ("b", 2)):
        store.put(key, {"w": np.full(size, size, np.float32)})
    kept = [arrays["w"].tolist() for arrays in store.updates(["a", "b"], [1, 1]).read()]
    assert kept == [[5.0] * 5, [2.0] * 2]
