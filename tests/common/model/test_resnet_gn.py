import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn.functional import cross_entropy

from common.config.architectures import ARCHITECTURES
from common.model.grad_cam import head, trunk
from common.model.registry import build_model
from common.model.resnet_gn import StandardisedConv2d
from common.training.familiarity import feature_count, features_of

pytestmark = pytest.mark.usefixtures("resnet18")


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return build_model("resnet18_gn").eval()


def test_a_kernel_is_standardised_over_its_inputs_and_places():
    layer = StandardisedConv2d(1, 2, kernel_size=2, bias=False)
    with torch.no_grad():  # mean 4, variance 5; mean -1, variance 1
        layer.weight.copy_(torch.tensor([[[[1.0, 3], [5, 7]]], [[[-2.0, 0], [-2, 0]]]]))
    seen = layer(torch.tensor([[[[1.0, 0], [0, 0]]]])).flatten()
    torch.testing.assert_close(seen, torch.tensor([-3 / 5**0.5, -1.0]))


def test_every_table_row_tells_whether_slices_of_a_batch_are_mixed():
    for name, row in ARCHITECTURES.items():
        mixes = [
            module for module in build_model(name).modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)
        ]
        assert bool(mixes) == row.batch_norm, name


def test_an_image_is_answered_alike_alone_and_beside_others_in_training_too(network):
    images = torch.randn(3, 3, 32, 32)
    torch.testing.assert_close(network.train()(images)[:1], network(images[:1]), rtol=1e-4, atol=1e-5)


def test_its_tensors_have_torchvisions_names_without_the_buffers_and_those_of_whitening(network):
    names = set(build_model("resnet18").state_dict())
    kept = {name for name in names if "running" not in name and "tracked" not in name}
    assert set(network.state_dict()) == kept | {"whiten.weight", "whiten.bias"}
    assert not list(network.buffers())


def test_every_convolution_is_followed_by_groups(network):
    kinds = [type(module) for module in network.modules()]
    assert kinds.count(StandardisedConv2d) == kinds.count(nn.GroupNorm) == 20
    assert nn.Conv2d not in kinds


def test_grad_cam_can_split_it(network):
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(head(network, trunk(network, images)), network(images))


def test_its_first_stage_tells_what_is_like_a_slice_of_training(network):
    features = features_of(network, torch.randn(2, 3, 32, 32), "resnet18_gn")
    assert features.shape == (2, feature_count("resnet18_gn")) == (2, 144)
    assert np.isfinite(features).all()


def test_gradients_of_each_slice_by_themselves_add_up(network):
    images, labels = torch.randn(3, 3, 32, 32), torch.tensor([0, 1, 3])
    weights = {name: value.detach() for name, value in network.named_parameters()}

    def loss(weights: dict[str, torch.Tensor], image: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return cross_entropy(functional_call(network, weights, (image[None],)), label[None])

    each = vmap(grad(loss), in_dims=(None, 0, 0))(weights, images, labels)
    cross_entropy(network(images), labels, reduction="sum").backward()
    for name, value in network.named_parameters():
        torch.testing.assert_close(each[name].sum(0), value.grad, rtol=1e-3, atol=1e-4)


def test_opacus_takes_gradients_of_each_slice(network):
    grad_sample = pytest.importorskip("opacus.grad_sample")
    images, labels = torch.randn(2, 3, 32, 32), torch.tensor([0, 1])
    hooked = grad_sample.GradSampleModule(network.train(), loss_reduction="sum")
    cross_entropy(hooked(images), labels, reduction="sum").backward()
    for value in network.parameters():
        torch.testing.assert_close(value.grad_sample.sum(0), value.grad, rtol=1e-3, atol=1e-4)
