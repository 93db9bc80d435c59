"""A sum of gradients that one patient changes by no more than the clip, and the noise that hides such a change.

Abadi et al., Deep learning with differential privacy (CCS 2016), with a patient in the place of a slice.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from common.privacy.stream import SecretStream

_GRID = 2.0**-20  # of a deviation


class ClippedSum:
    """The sum of some patients' gradients, each at most `clip` long; of the size of one gradient, in float64.

    In float32 the order of the others' gradients would round the sum differently, by more than noise is computed for.
    """

    def __init__(self, weights: Sequence[nn.Parameter], clip: float) -> None:
        self.sums = [torch.zeros_like(weight, dtype=torch.float64) for weight in weights]
        self._weights = weights
        self._clip = clip

    @torch.no_grad()
    def take(self) -> None:
        """Add one patient's gradient, the weights' own, and clear it; what is not finite adds nothing."""
        found = [weight.grad.double() for weight in self._weights if weight.grad is not None]
        norm = math.sqrt(sum(float(part.square().sum()) for part in found))
        if math.isfinite(norm):
            factor = self._clip / max(norm, self._clip)
            for total, part in zip(self.sums, found, strict=True):
                total.add_(part, alpha=factor)
        for weight in self._weights:
            weight.grad = None

    @torch.no_grad()
    def noised(self, deviation: float, stream: SecretStream) -> list[Tensor]:
        """Return the sum with noise of a deviation for each number, rounded to a grid.

        A float's last digits tell what was added to what (Mironov, CCS 2012). The grid is far coarser than they, and
        far finer than the noise.
        """
        grid = _GRID * 2.0 ** math.floor(math.log2(deviation)) if deviation else 0.0
        return [_noised(total, deviation, grid, stream.derive(number)) for number, total in enumerate(self.sums)]


def _noised(total: Tensor, deviation: float, grid: float, stream: SecretStream) -> Tensor:
    if not deviation:
        return total
    noise = stream.normal(total.numel()).reshape(tuple(total.shape))
    noisy = total + torch.from_numpy(deviation * np.ascontiguousarray(noise)).to(total.device)
    return noisy.div_(grid).round_().mul_(grid)
