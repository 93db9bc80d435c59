"""Near-duplicates as an exhaustive search finds them: every picture with every later one, in whole numbers."""

import numpy as np

from common.data.duplicates import GROUPING_LEVELS

MOST = 64
MARGIN = 1e-3

Entry = tuple[int, int, float, int]
"""First picture, second picture, correlation, orientation."""


def exhaustive_search(thumbs: np.ndarray) -> list[Entry]:
    """Return all pairs, sorted, by the rule that `common.data.duplicates.find_near_duplicates` states."""
    first_like = {thumb.tobytes(): index for index, thumb in reversed(list(enumerate(thumbs)))}
    member = [first_like[thumb.tobytes()] for thumb in thumbs]
    unique = np.array(sorted(set(member)))
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for orientation in range(8):
        correlation = _correlations(thumbs[unique], orientation)
        for row in range(len(unique)):
            for column in _kept(correlation[row], row):
                entry = (float(correlation[row, column]), -orientation)
                pair = (int(unique[row]), int(unique[column]))
                best[pair] = max(best.get(pair, entry), entry)
    equal = [(like, index, 1.0, 0) for index, like in enumerate(member) if like != index]
    return sorted([(a, b, value, -turned) for (a, b), (value, turned) in best.items()] + equal)


def _kept(correlation: np.ndarray, row: int) -> list[int]:
    later = np.arange(row + 1, len(correlation))
    kept = later[correlation[later] > GROUPING_LEVELS[0] - MARGIN]
    for level in GROUPING_LEVELS[1:]:
        if len(kept) > MOST:
            kept = later[correlation[later] > level - MARGIN]
    return [column for column in kept[:MOST].tolist() if correlation[column] > GROUPING_LEVELS[0]]


def _correlations(thumbs: np.ndarray, orientation: int) -> np.ndarray:
    turned = np.rot90(thumbs, orientation % 4, axes=(1, 2))
    turned = turned[:, :, ::-1] if orientation >= 4 else turned
    a, b = (each.reshape(len(thumbs), 1024).astype(np.int64) for each in (thumbs, turned))
    covariance = 1024 * np.einsum("ik,jk->ij", a, b) - np.outer(a.sum(axis=1), b.sum(axis=1))
    spread = np.sqrt((1024 * (a * a).sum(axis=1) - a.sum(axis=1) ** 2).astype(float))
    both = np.outer(spread, spread)
    return np.divide(covariance, both, out=np.zeros_like(both), where=both > 0)
