"""Sensitivity and specificity of one class against the rest at a threshold that was fixed before the test.

The threshold is `THRESHOLD`, on the class's own probability: the class is more likely than all others together. None is
searched for in test slices, where it would flatter; `common.metrics.net_benefit` gives the counts at others. The
figures of the rule that names the likeliest class are the recalls of the confusion matrix.
"""

from dataclasses import dataclass

from common.metrics.clusters import wilson_share
from common.metrics.intervals import Interval
from common.metrics.ranking import Counts
from common.metrics.score_bins import first_bin

THRESHOLD = 0.5


@dataclass(frozen=True)
class AtThreshold:
    """Fractions with 95 % intervals; None where there is no case to tell from."""

    threshold: float
    sensitivity: float | None
    sensitivity_interval: Interval | None
    specificity: float | None
    specificity_interval: Interval | None


def at_threshold(
    own: Counts, others: Counts, effects: tuple[float, float] = (1.0, 1.0), threshold: float = THRESHOLD
) -> AtThreshold:
    """Count at a whole percent.

    Parameters
    ----------
    effects : tuple of float
        Design effects of the class's own cases and of the others.
    """
    found = first_bin(threshold)
    hit, passed = _share(own[found:], own, effects[0]), _share(others[:found], others, effects[1])
    return AtThreshold(threshold, *hit, *passed)


def _share(part: Counts, of: Counts, effect: float) -> tuple[float | None, Interval | None]:
    if not (total := int(of.sum())):
        return None, None
    share = int(part.sum()) / total
    return share, wilson_share(share, total / effect)
