import pytest
import torch
import torchvision

from common.labels import CLASSES
from common.model.registry import build_model, initial_weights

pytestmark = pytest.mark.usefixtures("resnet18")


def test_it_is_torchvisions_resnet18_for_four_classes():
    plain = torchvision.models.resnet18(num_classes=4)
    plain.load_state_dict(initial_weights("resnet18", 0), strict=True)
    assert build_model().fc.out_features == len(CLASSES) == 4
    assert build_model()(torch.zeros(2, 3, 32, 32)).shape == (2, 4)


def test_first_weights_follow_from_the_seed_alone():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    one = initial_weights("resnet18", 42)
    assert torch.equal(before, torch.get_rng_state()), "the caller's random state must stay"
    torch.rand(5)
    again, other = initial_weights("resnet18", 42), initial_weights("resnet18", 43)
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["conv1.weight"], other["conv1.weight"])


def test_another_network_is_refused():
    with pytest.raises(ValueError, match="unknown model 'vgg'"):
        build_model("vgg")
