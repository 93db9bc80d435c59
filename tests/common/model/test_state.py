import numpy as np
import pytest
import torch

from common.model.registry import build_model, initial_weights
from common.model.state import arrays_from_model, arrays_from_state, model_from_arrays, state_from_arrays

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def arrays():
    return arrays_from_state(initial_weights("resnet18", 5))


def test_arrays_and_model_are_the_same_to_the_bit(arrays):
    back = arrays_from_model(model_from_arrays("resnet18", arrays, CPU))
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        assert back[name].flags.c_contiguous
        np.testing.assert_array_equal(back[name], array)


def test_the_network_answers_as_the_ordinary_one(arrays):
    ordinary = build_model()
    ordinary.load_state_dict(state_from_arrays(arrays))
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours = model_from_arrays("resnet18", arrays, CPU).eval()(images)
        torch.testing.assert_close(ours, ordinary.eval()(images), rtol=1e-4, atol=1e-5)


def test_training_does_not_write_into_what_was_received(arrays):
    before = {name: array.copy() for name, array in arrays.items()}
    model = model_from_arrays("resnet18", arrays, CPU).train()
    sent = arrays_from_model(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    model(torch.rand(2, 3, 32, 32))
    for name in arrays:
        np.testing.assert_array_equal(arrays[name], before[name])
        np.testing.assert_array_equal(sent[name], before[name])


def test_read_only_arrays_are_taken_as_flower_hands_them(arrays):
    frozen = {name: array.copy() for name, array in arrays.items()}
    for array in frozen.values():
        array.flags.writeable = False
    model = model_from_arrays("resnet18", frozen, CPU).train()
    with torch.no_grad():
        next(model.parameters()).zero_()


def test_it_is_in_channels_last_layout_and_draws_nothing_at_random(arrays):
    torch.manual_seed(1)
    state = torch.get_rng_state()
    model = model_from_arrays("resnet18", arrays, CPU)
    assert torch.equal(state, torch.get_rng_state())
    assert model.layer1[0].conv1.weight.is_contiguous(memory_format=torch.channels_last)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_missing_tensor_is_an_error(arrays):
    with pytest.raises(RuntimeError, match=r"fc\.bias"):
        model_from_arrays("resnet18", {name: a for name, a in arrays.items() if name != "fc.bias"}, CPU)
