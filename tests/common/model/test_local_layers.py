import pytest
from torch import nn

from common.config.strategies import LOCAL_LAYERS
from common.model.local_layers import kept_names, staying, travelling
from common.model.registry import build_model
from common.model.state import arrays_from_model


@pytest.fixture(scope="module")
def model():
    return build_model()


def test_normalisation_is_every_batch_norm_layer_whole(model):
    layers = [name for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)]
    kept = kept_names("normalisation", model.state_dict())
    assert len(layers) == 20
    assert "layer2.0.downsample.1" in layers, "one that is not called bn"
    assert kept == {name for name in model.state_dict() if name.rpartition(".")[0] in layers}
    assert len(kept) == 5 * 20, "weight, bias, mean, variance and counter of each"


@pytest.mark.parametrize("keeps", LOCAL_LAYERS)
def test_every_tensor_travels_or_stays(model, keeps):
    arrays = arrays_from_model(model)
    there, here = travelling(keeps, arrays), staying(keeps, arrays)
    assert not set(there) & set(here)
    assert set(there) | set(here) == set(arrays)
    assert list(there) == [name for name in arrays if name in there], "in the model's order"


def test_nothing_and_everything(model):
    assert not kept_names("nothing", model.state_dict())
    assert kept_names("everything", model.state_dict()) == set(model.state_dict())


def test_another_word_is_a_mistake(model):
    with pytest.raises(ValueError, match="some"):
        kept_names("some", model.state_dict())
