"""Where each pixel lies in a made-up head: turned, moved, stretched and bent, so that no two heads are alike.

Every shape is a distance in these coordinates, so what is drawn bends with its head.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from common.pretraining.draws import Draws

AXIAL, CORONAL, SAGITTAL = range(3)


@dataclass(frozen=True)
class Space:
    """The coordinates of a batch of heads; 1 is half the image's side."""

    across: Tensor
    """``float32 [B, S, S]``, as is `down`: to the right of the head's middle."""
    down: Tensor
    plane: Tensor
    """``int64 [B]``: axial, coronal or sagittal."""
    half_width: Tensor
    """``float32 [B, 1, 1]``, as are those below: of the head's outline."""
    half_height: Tensor
    top: Tensor
    """Where the middle of the outline lies, `down`."""
    pose: Tensor
    """``float32 [B, 4]``: turn, scale and shift of each head in its image, each about -1 to 1."""

    @property
    def pixel(self) -> float:
        """Side of a pixel."""
        return 2.0 / self.across.shape[-1]

    @property
    def outline(self) -> Tensor:
        """Distance from the middle of the head, 1 at the skin; ``float32 [B, S, S]``."""
        return self.ellipse(0.0, self.top, self.half_width, self.half_height)

    def shown(self, *planes: int) -> Tensor:
        """Return 1 for the images in one of these planes; ``float32 [B, 1, 1]``."""
        return torch.isin(self.plane, torch.tensor(planes)).float().view(-1, 1, 1)

    def ellipse(
        self,
        across: Tensor | float,
        down: Tensor | float,
        half_width: Tensor | float,
        half_height: Tensor | float,
        turn: Tensor | float = 0.0,
    ) -> Tensor:
        """Return the distance from an ellipse's middle, 1 on the ellipse; ``float32 [B, S, S]``."""
        right, below, angle = self.across - across, self.down - down, torch.as_tensor(turn)
        cosine, sine = angle.cos(), angle.sin()
        return torch.hypot((cosine * right + sine * below) / half_width, (cosine * below - sine * right) / half_height)

    def inside(self, distance: Tensor, edge: Tensor | float, size: Tensor | float, softness: float = 1.0) -> Tensor:
        """Return 1 where `distance` is below `edge`, 0 above, softened over about a pixel.

        Parameters
        ----------
        size : Tensor or float
            What a distance of 1 is in these coordinates.
        softness : float
            Pixels.
        """
        return torch.sigmoid((edge - distance) * size / (0.6 * softness * self.pixel))


def random_space(draws: Draws) -> Space:
    """Make up where the heads of a batch lie, and in which plane they are cut."""
    places = (torch.arange(draws.size) + 0.5) * (2.0 / draws.size) - 1.0
    y, x = torch.meshgrid(places, places, indexing="ij")
    turn, zoom = draws.between(-0.35, 0.35), draws.between(0.72, 1.05)
    right, below = draws.between(-0.12, 0.12), draws.between(-0.12, 0.12)
    pose = torch.cat([turn / 0.35, (zoom - 0.885) / 0.165, right / 0.12, below / 0.12], 1)[..., 0]
    cosine, sine = turn.cos() / zoom, turn.sin() / zoom
    across, down = cosine * (x - right) + sine * (y - below), cosine * (y - below) - sine * (x - right)
    bend = draws.between(0.0, 0.05)
    across = across + bend * (draws.smooth(4) + 0.3 * draws.smooth(8))
    down = down + bend * (draws.smooth(4) + 0.3 * draws.smooth(8))
    plane = draws.choice(3)
    width, height, top = _outline(draws, plane)
    return Space(across, down, plane, width, height, top, pose)


def _outline(draws: Draws, plane: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return half the width and height of each outline, and where its middle lies."""
    widths = [draws.between(*ends) for ends in ((0.66, 0.85), (0.72, 0.88), (0.85, 0.97))]  # in the order of the planes
    heights = [draws.between(*ends) for ends in ((0.85, 0.97), (0.75, 0.90), (0.68, 0.85))]
    index, image = plane, torch.arange(draws.count)
    top = torch.where((plane == AXIAL).view(-1, 1, 1), torch.zeros(()), -draws.between(0.05, 0.20))
    return torch.stack(widths)[index, image], torch.stack(heights)[index, image], top
