"""Images that the program makes, no patient's: heads with lesions as a scanner would show them, and what they show."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from common.pretraining.draws import Draws
from common.pretraining.heads import draw_heads
from common.pretraining.lesions import draw_lesions
from common.pretraining.scanner import scan
from common.pretraining.space import random_space

CELLS = 8
"""Cells along a side in which an image's lesion is looked for."""
GEOMETRY = 6
_BATCH = 16  # whose fields stay in a core's own cache


@dataclass(frozen=True)
class Made:
    """Images, and what is to be learnt of each."""

    pixels: Tensor
    """``uint8 [N, S, S]``, grey."""
    kind: Tensor
    """``int64 [N]``: kind of the lesion, 0 is none (see `common.pretraining.lesions`)."""
    plane: Tensor
    """``int64 [N]``: axial, coronal or sagittal."""
    geometry: Tensor
    """``float32 [N, 6]``: the head's turn, scale and two shifts, size of its ventricles and of its lesion."""
    where: Tensor
    """``float32 [N, 8, 8]``: share of each cell that the lesion covers."""

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.pixels)

    def at(self, indices: Tensor) -> "Made":
        """Return some of them."""
        return Made(*(getattr(self, each.name)[indices] for each in fields(Made)))


def make_images(count: int, size: int, seed: int, on_image: Callable[[int], None] | None = None) -> Made:
    """Make images; the same seed makes the same pixels.

    Parameters
    ----------
    size : int
        Side in pixels, at least 16.
    on_image : callable, optional
        Called with the number of images that are made, from time to time; what it raises ends the work.
    """
    generator = torch.Generator().manual_seed(seed)
    parts: list[Made] = []
    for size_of_part in _parts(count):
        if on_image:
            on_image(sum(len(part) for part in parts))
        parts.append(_make(Draws(generator, size_of_part, size)))
    return Made(*(torch.cat([getattr(part, each.name) for part in parts]) for each in fields(Made)))


def _parts(count: int) -> Iterator[int]:
    while count > 0:
        yield min(count, _BATCH)
        count -= _BATCH


def _make(draws: Draws) -> Made:
    space = random_space(draws)
    heads = draw_heads(draws, space)
    lesions = draw_lesions(draws, space, heads)
    levels = 255.0 * scan(draws, lesions.image)
    sizes = torch.stack([heads.ventricles[:, 0, 0] - 1.0, 3.0 * lesions.size], 1)
    return Made(
        levels.round().to(torch.uint8),
        lesions.kind,
        space.plane,
        torch.cat([space.pose, sizes], 1),
        adaptive_avg_pool2d(lesions.mask, CELLS),
    )
