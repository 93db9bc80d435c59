"""Net benefit: whether it is better to act on the model than on everybody, or on nobody.

After Vickers and Elkin, *Medical Decision Making* 26, 2006. Who acts from a probability t on holds a missed case for
(1 - t) / t times as bad as a needless act. Net benefit is the share of right acts minus that of needless ones at this
rate of exchange; acting on nobody has 0. One class against the rest, at thresholds of whole percents, where the counts
are exact.
"""

from typing import Any

from common.metrics.ranking import Counts
from common.metrics.score_bins import first_bin

THRESHOLDS: tuple[float, ...] = tuple(percent / 100 for percent in (1, 2, *range(5, 100, 5), 98, 99))


def decision_curve(own: Counts, others: Counts) -> list[dict[str, Any]]:
    """Return threshold, and net benefit of the model and of acting on all; None where there is no case."""
    total = int(own.sum() + others.sum())
    points = []
    for threshold in THRESHOLDS:
        found, odds = first_bin(threshold), threshold / (1 - threshold)
        benefits = [
            (int(own[start:].sum()) - int(others[start:].sum()) * odds) / total if total else None
            for start in (found, 0)
        ]
        points.append({"threshold": threshold, "model": benefits[0], "all": benefits[1]})
    return points
