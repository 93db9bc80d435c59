"""Which of a network's weights a training moves."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from common.config.settings import EVERY_WEIGHT, HEAD

_NORMALISATION = (_BatchNorm, nn.GroupNorm, nn.LayerNorm)


def train_only(model: nn.Module, part: str) -> None:
    """Freeze all weights but those of a part, one of the words that `TrainPlan.part` takes.

    The last one is the last linear layer; the head also has every scale and shift of normalisation. Statistics of batch
    normalisation are no weights: they follow the slices in either case.
    """
    if part == EVERY_WEIGHT:
        return
    model.requires_grad_(False)
    layers = list(model.modules())
    last = [layer for layer in layers if isinstance(layer, nn.Linear)][-1:]
    scales = [layer for layer in layers if isinstance(layer, _NORMALISATION)] if part == HEAD else []
    for layer in (*last, *scales):
        layer.requires_grad_(True)
