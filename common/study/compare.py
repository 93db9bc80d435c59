"""Strategies beside each other: over seeds, and seed by seed on the same split."""

from __future__ import annotations

from collections.abc import Sequence

from common.metrics.confusion import Confusion, add_confusions
from common.study.estimate import SHARE, Estimate, estimate
from common.study.measures import Measure
from common.study.records import CellResult, Study


def confusion_at(result: CellResult, places: Sequence[str]) -> Confusion | None:
    """Add up a cell's confusion matrices over some hospitals; None if one of them did not answer.

    Parameters
    ----------
    result : CellResult
    places : sequence of str
        Names of hospitals. A sum over fewer would be another quantity, so that it is not given.
    """
    if not places or any(name not in result.tests for name in places):
        return None
    return add_confusions(result.tests[name] for name in places)


def values(study: Study, strategy: str, measure: Measure, places: Sequence[str]) -> dict[int, float]:
    """Return a strategy's figure by seed, where it is known.

    Parameters
    ----------
    study : Study
    strategy : str
    measure : Measure
    places : sequence of str
        Hospitals whose test slices count, together.
    """
    return _known(study.seeds_of(strategy), measure, places)


def over_seeds(study: Study, strategy: str, measure: Measure, places: Sequence[str]) -> Estimate | None:
    """Return the mean of `values` with its interval, None where no seed has it."""
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
    study : Study
    hospital : str
        The one that is left out.
    measure : Measure
    places : sequence of str
        Others, whose test slices count together; both federations are tested on the same ones.
    """
    if study.federated is None:
        return {}
    without = _known(study.seeds_of(study.federated, hospital), measure, places)
    return _differences(values(study, study.federated, measure, places), without)


def _known(results: dict[int, CellResult], measure: Measure, places: Sequence[str]) -> dict[int, float]:
    found: dict[int, float] = {}
    for seed, result in results.items():
        confusion = confusion_at(result, places)
        value = None if confusion is None else measure.of(confusion)
        if value is not None:
            found[seed] = value
    return found


def _differences(subject: dict[int, float], reference: dict[int, float]) -> dict[int, float]:
    return {seed: value - reference[seed] for seed, value in subject.items() if seed in reference}
