"""How near one picture comes to another."""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import conv2d

MOST_DB = 99.0  # of two equal pictures, in place of infinity
_WINDOW, _DEVIATION = 11, 1.5  # pixels
_C1, _C2 = 0.01**2, 0.03**2


def psnr(one: Tensor, other: Tensor) -> float:
    """Return the peak signal-to-noise ratio in decibels of two pictures with levels from 0 to 1; at most `MOST_DB`."""
    error = float((one.double() - other.double()).square().mean())
    return min(MOST_DB, -10.0 * float(torch.log10(torch.tensor(max(error, 1e-12), dtype=torch.float64))))


def ssim(one: Tensor, other: Tensor) -> float:
    """Return the structural similarity of two grey pictures ``[H, W]`` with levels from 0 to 1.

    Wang, Bovik, Sheikh and Simoncelli, *Image quality assessment*, IEEE TIP 13 (2004): a Gaussian window of 11 pixels,
    and the mean over the places where it lies in the picture whole.
    """
    places = torch.arange(_WINDOW, dtype=torch.float64) - _WINDOW // 2
    bell = torch.exp(-(places**2) / (2 * _DEVIATION**2))
    kernel = torch.outer(bell, bell)[None, None] / bell.sum() ** 2
    a, b = one.double()[None, None], other.double()[None, None]
    mean_a, mean_b, square_a, square_b, product = (conv2d(each, kernel) for each in (a, b, a * a, b * b, a * b))
    variance_a, variance_b, covariance = square_a - mean_a**2, square_b - mean_b**2, product - mean_a * mean_b
    above = (2 * mean_a * mean_b + _C1) * (2 * covariance + _C2)
    below = (mean_a**2 + mean_b**2 + _C1) * (variance_a + variance_b + _C2)
    return float((above / below).mean())


def matched(made: Tensor, true: Tensor) -> Tensor:
    """Order made pictures ``[B, H, W]`` as the true ones that they come nearest to, each once, by squared error."""
    errors = (made[None] - true[:, None]).square().mean(dim=(2, 3))
    return made[torch.from_numpy(linear_sum_assignment(errors.numpy())[1])]
