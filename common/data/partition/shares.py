"""How much of each class each part of a folder is to get.

Chance comes from SHA-256 of the seed, as in `common.data.split`, and goes through the quantiles of the gamma
distribution, of which a Dirichlet's shares are made; so a cut is the same on any machine.
"""

import numpy as np
import numpy.typing as npt

from common.config.partition import CLASSES, SIZE
from common.data.split_assignment import seeded_number
from common.data.thumbs import Floats

_LEAST = 1e-9  # of a draw: with none of it nothing could be scaled
_SCALINGS = 200  # rounds; a share is then right to far less than a slice


def class_shares(sizes: npt.NDArray[np.int64], count: int, by: str, alpha: float, seed: int) -> Floats:
    """Return the share of each class that each part is to get, shape ``[count, K]``; columns add up to 1.

    By ``classes``, the mix of each part is drawn from a Dirichlet around the folder's own mix (Hsu et al.,
    arXiv 1909.06335), and the mixes are then scaled so that parts are equal and nothing is left. By ``size``, the sizes
    are drawn, and each part has the folder's mix. By ``patients``, all parts are alike.

    Parameters
    ----------
    sizes : ndarray of int64, shape [K]
        Slices of each class, each above zero.
    """
    mix = sizes / sizes.sum()
    if by == CLASSES:
        return _scaled(_gammas(count, alpha * len(mix) * mix, seed), mix)
    parts = _gammas(count, np.array([alpha]), seed)[:, 0] if by == SIZE else np.ones(count)
    return np.repeat((parts / parts.sum())[:, None], len(mix), axis=1)


def _gammas(count: int, alphas: Floats, seed: int) -> Floats:
    """Draw from gamma distributions, shape ``[count, K]``; rows that add up to 1 would be a Dirichlet's."""
    from scipy.special import gammaincinv  # half a second, which a run without parts does without

    numbers = [[seeded_number(f"{seed}/{part}/{each}") for each in range(len(alphas))] for part in range(count)]
    return np.maximum(gammaincinv(alphas, (np.array(numbers, dtype=np.float64) + 0.5) / 2.0**64), _LEAST)


def _scaled(mixes: Floats, mix: Floats) -> Floats:
    """Scale the parts' mixes until parts are of one size and each class is used up (Sinkhorn), as shares of a class."""
    held = mixes.copy()
    for _ in range(_SCALINGS):
        held /= held.sum(axis=1, keepdims=True) * len(held)
        held *= mix / held.sum(axis=0)
    return held / mix
