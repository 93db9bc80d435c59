import torch

from common.config.architectures import ARCHITECTURES
from common.model.registry import build_model
from common.pretraining.images import make_images
from common.pretraining.whitening import whiten

PIXELS = make_images(96, 32, 1).pixels


def features_of(network, pixels):
    network.eval()
    found = []
    network.fc.register_forward_pre_hook(lambda layer, given: found.append(given[0].detach()))
    from common.training.preprocess import normalise

    with torch.no_grad():
        network(normalise(pixels[:, None].expand(-1, 3, -1, -1)))
    return found[0].double()


def test_what_the_last_layer_sees_of_made_images_has_mean_0_and_no_direction_spreads_more_than_one():
    torch.manual_seed(0)
    network = build_model("resnet18_gn")
    before = features_of(network, PIXELS)
    whiten(network, ARCHITECTURES["resnet18_gn"].pooling, PIXELS)
    after = features_of(network, PIXELS)
    assert before.mean(dim=0).norm() > 1
    assert after.mean(dim=0).norm() < 0.01
    variances = torch.linalg.eigvalsh(torch.cov(after.T))
    assert 0.5 < variances.max() < 1.0


def test_a_network_without_the_layer_is_left_as_it_is():
    torch.manual_seed(0)
    network = build_model("resnet18")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    whiten(network, ARCHITECTURES["resnet18"].pooling, PIXELS)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
