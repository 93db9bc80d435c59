"""With this folder in ``PYTHONPATH``, every process that starts builds the small network in place of ResNet18."""

from common.config.architectures import ARCHITECTURES
from tests.support.small_network_row import ROW

ARCHITECTURES["resnet18"] = ROW
