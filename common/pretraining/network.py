"""The network that is pre-trained, with what reads its maps: kind, plane, geometry and place of what was drawn.

Only the backbone is kept. Its last layer takes no part; a run's own is of the run's seed.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cell_loss
from torch.nn.functional import cross_entropy, interpolate, smooth_l1_loss

from common.config.architectures import ARCHITECTURES
from common.model.registry import build_model
from common.pretraining.images import CELLS, GEOMETRY, Made
from common.pretraining.lesions import KINDS

_PLANES = 3
_FINEST = 16  # a map whose side is the image's through this, or more, can tell where a lesion is


class Learner(nn.Module):
    """A backbone and its readers.

    Parameters
    ----------
    name : str
        One of `ARCHITECTURES`.
    size : int
        Side of the images, pixels.
    """

    def __init__(self, name: str, size: int) -> None:
        super().__init__()
        self.backbone = build_model(name)
        self._pooling = ARCHITECTURES[name].pooling
        self._least = size // _FINEST
        with torch.no_grad():
            pooled, maps = self.eval()._maps(torch.zeros(1, 3, size, size))
        self.says = nn.Linear(pooled.shape[1], KINDS + _PLANES + GEOMETRY)
        self.points = nn.Conv2d(maps.shape[1], 1, 1)

    def forward(self, batch: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return kinds ``[B, 6]``, planes ``[B, 3]``, geometry ``[B, 6]`` and cells ``[B, 8, 8]`` of images."""
        pooled, maps = self._maps(batch)
        kinds, planes, geometry = self.says(pooled).split((KINDS, _PLANES, GEOMETRY), 1)
        cells = interpolate(self.points(maps), size=(CELLS, CELLS), mode="bilinear", align_corners=False)
        return kinds, planes, geometry, cells[:, 0]

    def _maps(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pooled features ``[B, C]``, and the last maps that can tell where a lesion is."""
        fine = batch
        for name, part in self.backbone.named_children():
            batch = part(batch)
            if name == self._pooling:
                break
            if batch.shape[-1] >= self._least:
                fine = batch
        return batch.flatten(1), fine


def loss_of(said: tuple[Tensor, Tensor, Tensor, Tensor], made: Made) -> Tensor:
    """Return how far what a network said of images is from what they show."""
    kinds, planes, geometry, cells = said
    return (
        cross_entropy(kinds, made.kind)
        + 0.5 * cross_entropy(planes, made.plane)
        + 2.0 * smooth_l1_loss(geometry, made.geometry)
        + 2.0 * cell_loss(cells, made.where)
    )
