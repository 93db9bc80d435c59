"""ResNet18 with an eighth of its channels: the same layers under the same names, a hundredth of the bytes.

A run of a test goes through everything that it is made of, several times a round, and most tests are about none of its
numbers: they have it unless they ask for `resnet18`. Ray's workers and some of the deployments train the real one, and
so does whatever is compared with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

from common.config.architectures import ARCHITECTURES, Architecture
from common.model import registry
from tests.support.small_network_row import REAL, ROW


class SmallResNet(ResNet):
    """torchvision's, with 8 to 64 channels in place of 64 to 512."""

    def __init__(self, num_classes: int) -> None:
        nn.Module.__init__(self)
        self._norm_layer, self.groups, self.base_width, self.dilation, self.inplanes = nn.BatchNorm2d, 1, 64, 1, 8
        self.conv1 = nn.Conv2d(3, 8, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1, self.relu = nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(BasicBlock, 8, 2)
        self.layer2 = self._make_layer(BasicBlock, 16, 2, stride=2)
        self.layer3 = self._make_layer(BasicBlock, 32, 2, stride=2)
        self.layer4 = self._make_layer(BasicBlock, 64, 2, stride=2)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Linear(64, num_classes)


def build(weights: None, num_classes: int) -> nn.Module:
    return SmallResNet(num_classes)


@contextmanager
def in_place_of_resnet18() -> Iterator[None]:
    """Let this process build the small one under the real one's name."""
    with _under_its_name(ROW):
        yield


@contextmanager
def in_place_of_the_small_one() -> Iterator[None]:
    """Let this process build the real one again."""
    with _under_its_name(REAL):
        yield


@contextmanager
def _under_its_name(row: Architecture) -> Iterator[None]:
    forget()
    try:
        with patch.dict(ARCHITECTURES, resnet18=row):
            yield
    finally:
        forget()


def forget() -> None:
    """Let nobody go on with a network that was built before."""
    for cached in (registry.tensor_shapes, registry._skeleton):
        cached.cache_clear()
