"""ResNet18 and ResNet18-GN with an eighth of their channels: the same layers and names, a hundredth of the bytes.

A run of a test goes through everything that it is made of, several times a round, and most tests are about none of its
numbers: they have it unless they ask for `resnet18`. Ray's workers and some of the deployments train the real one, and
so does whatever is compared with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

from common.config.architectures import ARCHITECTURES, Architecture
from common.model import registry
from common.model.resnet_gn import Block, standardised, with_whitening
from common.training.familiarity import feature_count
from tests.support.small_network_row import REAL, ROWS


class SmallResNet(ResNet):
    """torchvision's, with 8 to 64 channels in place of 64 to 512."""

    def __init__(
        self, num_classes: int, norm_layer: Callable[..., nn.Module], block: type[BasicBlock] = BasicBlock
    ) -> None:
        nn.Module.__init__(self)
        self._norm_layer, self.groups, self.base_width, self.dilation, self.inplanes = norm_layer, 1, 64, 1, 8
        self.conv1 = nn.Conv2d(3, 8, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1, self.relu = norm_layer(8), nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 8, 2)
        self.layer2 = self._make_layer(block, 16, 2, stride=2)
        self.layer3 = self._make_layer(block, 32, 2, stride=2)
        self.layer4 = self._make_layer(block, 64, 2, stride=2)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Linear(64, num_classes)


def build(weights: None, num_classes: int) -> nn.Module:
    return SmallResNet(num_classes, nn.BatchNorm2d)


def build_gn(weights: None, num_classes: int) -> nn.Module:
    return with_whitening(
        standardised(SmallResNet(num_classes, partial(nn.GroupNorm, 2), Block))
    )  # groups as wide as the real one's


@contextmanager
def in_place_of_resnet18() -> Iterator[None]:
    """Let this process build the small ones under the real ones' names."""
    with _under_their_names(ROWS):
        yield


@contextmanager
def in_place_of_the_small_one() -> Iterator[None]:
    """Let this process build the real ones again."""
    with _under_their_names(REAL):
        yield


@contextmanager
def _under_their_names(rows: Mapping[str, Architecture]) -> Iterator[None]:
    forget()
    try:
        with patch.dict(ARCHITECTURES, rows):
            yield
    finally:
        forget()


def forget() -> None:
    """Let nobody go on with a network that was built before."""
    for cached in (registry.tensor_shapes, registry._skeleton, feature_count):
        cached.cache_clear()
