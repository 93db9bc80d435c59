"""ResNet18 without batch normalisation, for training whose every gradient may depend on one patient alone.

Batch normalisation mixes the slices of a batch, so that no patient's share in a gradient can be bounded. In its place
stand group normalisation, whose statistics are of one slice, and weight standardisation, which makes up for most of
what is lost (Qiao et al., arXiv 1903.10520). De et al. (arXiv 2204.13650) train so under differential privacy, with 16
groups, on networks as wide as this one; their number is taken.

Before the last layer stands one more, `whiten`, which changes nothing until ``init=synthetic`` sets it such that the
pooled features have mean 0 and spread alike in each direction (see `common.pretraining.whitening`).
"""

from functools import partial

import torch
from torch import nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock, ResNet

_GROUPS = 16
_EPSILON = 1e-6  # far below a kernel's variance: a trained kernel's length only grows


class StandardisedConv2d(nn.Conv2d):
    """A convolution by its weight with mean 0 and variance 1 for each output channel; what is stored is the weight.

    On a CPU, PyTorch's layer normalisation does that in an eighth of the time of its own mean and variance.
    """

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the maps ``[B, out, h, w]`` of maps ``[B, in, H, W]``."""
        kernels = self.weight.permute(0, 2, 3, 1)  # as they lie in memory with channels last
        weight = functional.layer_norm(kernels, kernels.shape[1:], eps=_EPSILON).permute(0, 3, 1, 2)
        return functional.conv2d(maps, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Block(BasicBlock):
    """torchvision's, without writing over a layer's output: the hooks of per-sample gradients need it as it was."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the maps ``[B, out, h, w]`` of maps ``[B, in, H, W]``."""
        beside = maps if self.downsample is None else self.downsample(maps)
        inner = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(maps)))))
        return self.relu(inner + beside)


def resnet18_gn(weights: None, num_classes: int) -> nn.Module:
    """Build torchvision's ResNet18 with the two exchanged; its tensors keep torchvision's names."""
    network = ResNet(Block, [2, 2, 2, 2], num_classes, norm_layer=partial(nn.GroupNorm, _GROUPS))
    return with_whitening(standardised(network))


class WhitenedResNet(ResNet):
    """torchvision's, with a linear layer between the pooling and the last layer."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Return logits ``[B, classes]``."""
        for name, part in self.named_children():
            batch = torch.flatten(part(batch), 1) if name == "avgpool" else part(batch)
        return batch


def with_whitening(network: ResNet) -> nn.Module:
    """Return the network with that layer in it, as the identity."""
    last = network.fc
    del network.fc  # children run in their order
    network.whiten = nn.Linear(last.in_features, last.in_features)
    nn.init.eye_(network.whiten.weight)
    nn.init.zeros_(network.whiten.bias)
    network.fc = last
    network.__class__ = WhitenedResNet
    return network


def standardised(network: ResNet) -> ResNet:
    """Return the network with its convolutions' weights standardised; they keep their first values."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.__class__ = StandardisedConv2d  # has no state beyond that of its parent
        if isinstance(module, nn.ReLU):
            module.inplace = False  # for `Block`'s reason
    return network
