"""A strategy's figures over seeds, and two strategies beside each other, seed by seed on the same split."""

from collections.abc import Sequence

from common.study.folds import over_folds
from common.study.groups import known
from common.study.records import Study
from common.study.statistics import SHARE, Estimate, Measure, estimate


def values(study: Study, strategy: str, measure: Measure, places: Sequence[str]) -> dict[int, float]:
    """Return a strategy's figure by seed, where it is known.

    Parameters
    ----------
    places : sequence of str
        Hospitals whose test slices count, together.
    """
    return known(study.seeds_of(strategy), measure, places)


def over_seeds(study: Study, strategy: str, measure: Measure, places: Sequence[str]) -> Estimate | None:
    """Return the mean of `values` with its interval, None where no seed has it; of folds as `over_folds`."""
    if study.folds:
        return over_folds(study, strategy, measure, places)
    return estimate(list(values(study, strategy, measure, places).values()), SHARE)


def paired(study: Study, subject: str, reference: str, measure: Measure, places: Sequence[str]) -> dict[int, float]:
    """Return subject minus reference by seed, for the seeds that both have.

    One seed gives both the same split and the same first weights, so that what differs is what they do with them.
    """
    return _differences(values(study, subject, measure, places), values(study, reference, measure, places))


def contribution(study: Study, hospital: str, measure: Measure, places: Sequence[str]) -> dict[int, float]:
    """Return by seed what a hospital brings to others: the federation with everybody minus the one without it.

    Parameters
    ----------
    hospital : str
        The one that is left out.
    places : sequence of str
        Others, whose test slices count together; both federations are tested on the same ones.
    """
    if study.federated is None:
        return {}
    without = known(study.seeds_of(study.federated, hospital), measure, places)
    return _differences(values(study, study.federated, measure, places), without)


def _differences(subject: dict[int, float], reference: dict[int, float]) -> dict[int, float]:
    return {seed: value - reference[seed] for seed, value in subject.items() if seed in reference}
