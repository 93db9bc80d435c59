"""How well scores tell members from strangers, with intervals that know that slices of a patient go together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.metrics import roc_curve

from common.artifacts.privacy.audit import RocPoint
from common.metrics.intervals import Interval

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Groups = npt.NDArray[np.int64]

_DRAWS = 1000
_POINTS = 40


def auroc(scores: Scores, members: Flags) -> float:
    """Return the chance that a member scores above a stranger; ties count half."""
    found, others = int(members.sum()), int((~members).sum())
    return float((rankdata(scores)[members].sum() / found - (found + 1) / 2) / others)


def auroc_interval(scores: Scores, members: Flags, patients: Groups, seed: int = 0) -> Interval:
    """Return the 95 % interval of `auroc` by a bootstrap over patients, members and strangers apart.

    Parameters
    ----------
    patients : ndarray of int64
        Whose each score is; all of a patient are drawn together.
    """
    chance = np.random.default_rng(seed)
    kinds = [
        [np.flatnonzero(patients == number) for number in np.unique(patients[side])] for side in (members, ~members)
    ]
    drawn = []
    for _ in range(_DRAWS):
        picked = [kind[each] for kind in kinds for each in chance.integers(0, len(kind), len(kind))]
        places = np.concatenate(picked)
        drawn.append(auroc(scores[places], members[places]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def found_at(scores: Scores, members: Flags, false_positives: float) -> float:
    """Return the largest share of members that a threshold finds with at most so many strangers, as a share."""
    false, true, _ = roc_curve(members, scores, drop_intermediate=False)
    return float(true[false <= false_positives].max())


def curve(scores: Scores, members: Flags) -> tuple[RocPoint, ...]:
    """Return some points of the ROC curve for a picture, from (0, 0) to (1, 1)."""
    false, true, _ = roc_curve(members, scores)
    wanted = np.unique(np.linspace(0, len(false) - 1, min(len(false), _POINTS)).round().astype(int))
    return tuple(RocPoint(float(false[each]), float(true[each])) for each in wanted)


def mean_by(scores: Scores, groups: Groups) -> tuple[Scores, Groups]:
    """Return each group's mean score, and the place of its first score in `scores`."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    return np.bincount(inverse, scores) / np.bincount(inverse), first
