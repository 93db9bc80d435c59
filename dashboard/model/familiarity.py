"""Is an image like the slices that the model was trained on? Where it is not, the model's answer is none.

How the distance is made is in `common.metrics.familiar`. A model whose run recorded nothing to compare with (an
older run, version 1, a run whose hospitals did not return it) cannot be asked: that is None here, and no verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from common.metrics.familiar.file import Recorded
from common.training.familiarity import features_of

NOT_RECORDED = (
    "Whether this image is like the slices of training cannot be checked: nothing to compare with is recorded for this "
    "model."
)


@dataclass(frozen=True)
class Familiarity:
    """How far an image is from the slices that the model was trained on."""

    distance: float
    """In the network's own features; no unit."""
    threshold: float
    """The distance that 95 % of the validation slices keep to."""

    @property
    def unfamiliar(self) -> bool:
        """Whether the image is unlike anything that the model was trained on."""
        return not self.distance <= self.threshold


def judge(model: nn.Module, batch: torch.Tensor, recorded: Recorded | None, name: str) -> Sequence[Familiarity | None]:
    """Measure how far each image of a batch is from the slices of training.

    Parameters
    ----------
    batch : Tensor
        As the model sees it, float32 ``[B, 3, S, S]``.
    recorded : Recorded or None
        What the model's run recorded to measure it with.
    name : str
        What the network is called.
    """
    if recorded is None:
        return [None] * len(batch)
    distances = recorded.likeness.distances(features_of(model, batch, name))
    return [Familiarity(float(distance), recorded.threshold) for distance in distances]


def sentence(found: Familiarity | None) -> str:
    """Say whether the image is like the slices of training, and how far it is from them."""
    if found is None:
        return NOT_RECORDED
    far = f"Its distance is {found.distance:.2f}; 95 % of the validation slices are within {found.threshold:.2f}."
    if found.unfamiliar:
        return f"This image is unlike anything that the model was trained on, so there is no answer. {far}"
    return f"This image is like the slices of training. {far}"
