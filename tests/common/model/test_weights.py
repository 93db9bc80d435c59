import numpy as np
import pytest

from common.model.registry import build_model
from common.model.state import arrays_from_model
from common.model.weights import average_buffers, check_update, is_weight


@pytest.fixture(scope="module")
def reference():
    return arrays_from_model(build_model())


def test_weights_are_exactly_the_parameters(reference):
    model = build_model()
    assert {name for name in reference if is_weight(name)} == {name for name, _ in model.named_parameters()}


def test_a_good_update_passes(reference):
    assert check_update(reference, dict(reference)) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda u: u.pop("fc.bias"), "missing, the first is fc.bias"),
        (lambda u: u.update(extra=np.zeros(1, np.float32)), "unknown tensors, the first is extra"),
        (lambda u: u.update({"fc.bias": np.zeros(5, np.float32)}), "shape [5] instead of [4]"),
        (lambda u: u.update({"fc.bias": np.zeros(4, np.float64)}), "type float64 instead of float32"),
        (lambda u: u.update({"fc.bias": np.full(4, np.nan, np.float32)}), "not finite"),
        (lambda u: u.update({"fc.bias": np.full(4, np.inf, np.float32)}), "not finite"),
        (lambda u: u.update({"bn1.running_var": np.full(8, -1, np.float32)}), "negative variances"),
    ],
)
def test_a_bad_update_is_named(reference, change, says):
    update = dict(reference)
    change(update)
    reason = check_update(reference, update)
    assert reason is not None
    assert says in reason


def test_buffers_are_averaged_by_samples_in_their_own_types():
    one = {
        "bn.weight": np.ones(2, np.float32),
        "bn.running_var": np.array([1, 3], np.float32),
        "bn.num_batches_tracked": np.array(10),
    }
    two = {
        "bn.weight": np.zeros(2, np.float32),
        "bn.running_var": np.array([5, 3], np.float32),
        "bn.num_batches_tracked": np.array(21),
    }
    averaged = average_buffers([one, two], [3, 1])
    assert set(averaged) == {"bn.running_var", "bn.num_batches_tracked"}
    np.testing.assert_array_equal(averaged["bn.running_var"], np.array([2, 3], np.float32))
    assert averaged["bn.running_var"].dtype == np.float32
    assert averaged["bn.num_batches_tracked"] == 13  # 12.75, rounded
    assert averaged["bn.num_batches_tracked"].dtype == np.int64
    assert averaged["bn.num_batches_tracked"].shape == ()
