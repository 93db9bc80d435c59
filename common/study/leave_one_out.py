"""What each hospital brings to the others: the federation with everybody minus the one without that hospital."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from common.study.records import Study
from common.study.statistics import MEASURES, Estimate, Measure, Verdict, contribution, estimate, over_seeds, verdict

MEANING = (
    "Both federations are tested on the same slices of the other hospitals. Without a hospital there are fewer slices "
    "and gradient steps; what it brings is all of that together."
)


@dataclass(frozen=True)
class Contribution:
    """What one hospital brings.

    Attributes
    ----------
    hospital : str
        The one left out.
    on : str or None
        Another hospital, on whose test slices this was measured; None for all others together.
    measure : str
        Key of a `Measure`.
    estimate : Estimate or None
        Of with minus without, paired by seed, as fractions.
    verdict : Verdict
        Better: the others gain from it.
    """

    hospital: str
    on: str | None
    measure: str
    estimate: Estimate | None
    verdict: Verdict


def contributions(study: Study, measures: tuple[Measure, ...] = MEASURES) -> Iterator[Contribution]:
    """Yield what each hospital brings to the others together and to each of them; nothing if that was not asked."""
    if not study.leave_one_out:
        return
    for hospital in study.hospitals:
        others = tuple(name for name in study.hospitals if name != hospital)
        for on in (None, *others):
            for measure in measures:
                yield _contribution(study, hospital, on, measure, others)


def _contribution(
    study: Study, hospital: str, on: str | None, measure: Measure, others: tuple[str, ...]
) -> Contribution:
    places = others if on is None else (on,)
    found = estimate(list(contribution(study, hospital, measure, places).values()))
    full = over_seeds(study, study.federated or "", measure, places)
    return Contribution(hospital, on, measure.key, found, verdict(found, full.spread if full else None))
