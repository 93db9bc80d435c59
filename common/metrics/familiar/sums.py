"""How far is an image from the slices of training? A distance whose scale hospitals give as sums.

Each hospital adds up, over all of its training slices, what the network makes of them (see
`common.training.familiarity`) and the products of every two features. Mean and covariance of all hospitals' slices
follow from these sums, and from them Mahalanobis' distance; the server sees no slice's features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.float64]
"""Shape [N, D]."""

SHRINKAGE = 0.01
"""Share of the covariance that is taken from its diagonal alone, so that a chance fit of a few slices does not rule."""
_LEAST_VARIANCE = 1e-4  # of a feature; one that never moved would make any other value infinitely far


def packed_size(features: int) -> int:
    """Return how many numbers a symmetric matrix of so many features has."""
    return features * (features + 1) // 2


@dataclass(frozen=True)
class FeatureSums:
    """What a hospital's training slices add up to."""

    count: int
    """Slices."""
    total: npt.NDArray[np.float64]
    """Sum of the features, shape [D]."""
    products: npt.NDArray[np.float64]
    """Sum of the products of every two features: the lower triangle, row by row, shape [D (D + 1) / 2]."""

    def covariance(self) -> npt.NDArray[np.float64]:
        """Return the covariance of the slices, shape [D, D]; only of two slices or more."""
        mean = self.total / self.count
        square = np.zeros((len(mean), len(mean)))
        square[np.tril_indices(len(mean))] = self.products
        square = square + np.tril(square, -1).T
        return (square - self.count * np.outer(mean, mean)) / (self.count - 1)


def sum_features(features: Features) -> FeatureSums:
    """Add up the features of a hospital's slices."""
    products = features.T @ features
    return FeatureSums(len(features), features.sum(axis=0), products[np.tril_indices(features.shape[1])])


def may_tell(slices: int, features: int) -> bool:
    """Tell whether sums over so many slices may leave a hospital: of fewer slices than features each could be told."""
    return slices > features


def sums_problem(sums: FeatureSums, slices: int) -> str | None:
    """Say what of a hospital's sums cannot be, or return None.

    Parameters
    ----------
    slices : int
        Training slices that it described.
    """
    features = len(sums.total)
    if sums.count != slices or not may_tell(slices, features):
        return f"its sums are over {sums.count:,} slices, but it described {slices:,}"
    if not (np.isfinite(sums.total).all() and np.isfinite(sums.products).all()):
        return "its sums of features are not finite"
    values = np.linalg.eigvalsh(sums.covariance())
    if not values[0] >= -1e-6 * max(values[-1], 1.0):
        return "its sums of features fit no slices"
    return None


@dataclass(frozen=True)
class Likeness:
    """What a distance is measured with; rounded to float32, as it is stored."""

    mean: npt.NDArray[np.float32]
    """Shape [D]."""
    whitening: npt.NDArray[np.float32]
    """Lower triangular, shape [D, D]: makes the slices of training spread alike in every direction."""

    def distances(self, features: Features) -> npt.NDArray[np.float64]:
        """Return each row's distance: 1 is what a slice of training has on average (its root mean square)."""
        white = (features - self.mean.astype(np.float64)) @ self.whitening.astype(np.float64).T
        distances: npt.NDArray[np.float64] = np.sqrt(np.mean(white**2, axis=1))
        return distances

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return it as plain arrays, to send or to store."""
        return {"mean": self.mean, "whitening": self.whitening[np.tril_indices(len(self.mean))]}


def likeness_from(arrays: dict[str, npt.NDArray[Any]], features: int | None = None) -> Likeness:
    """Read what `Likeness.arrays` wrote.

    Parameters
    ----------
    features : int, optional
        How many it must have.

    Raises
    ------
    ValueError
        An array is missing, of another type or shape, or not finite.
    """
    mean, packed = arrays.get("mean"), arrays.get("whitening")
    if mean is None or packed is None or mean.ndim != 1 or packed.shape != (packed_size(len(mean)),):
        raise ValueError("the arrays do not fit each other")
    if mean.dtype != np.float32 or packed.dtype != np.float32 or not 0 < len(mean) == (features or len(mean)):
        raise ValueError("the arrays are of another network")
    if not (np.isfinite(mean).all() and np.isfinite(packed).all()):
        raise ValueError("the arrays are not finite")
    whitening = np.zeros((len(mean), len(mean)), np.float32)
    whitening[np.tril_indices(len(mean))] = packed
    return Likeness(mean, whitening)


def fit(parts: Sequence[FeatureSums]) -> Likeness:
    """Fit the distance to all hospitals' slices together.

    Parameters
    ----------
    parts : sequence of FeatureSums
        One or more, of one network, each without a `sums_problem`.
    """
    whole = FeatureSums(
        sum(part.count for part in parts),
        np.sum([part.total for part in parts], axis=0),
        np.sum([part.products for part in parts], axis=0),
    )
    covariance = whole.covariance()
    variances = np.maximum(np.diag(covariance), _LEAST_VARIANCE)
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.diag(variances)
    np.fill_diagonal(shrunk, variances)
    whitening = np.linalg.inv(np.linalg.cholesky(shrunk))
    return Likeness((whole.total / whole.count).astype(np.float32), np.tril(whitening).astype(np.float32))
