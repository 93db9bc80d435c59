"""What a study answers: the board's three questions, and what each hospital brings to the others.

Every answer follows from intervals: a headline, and what it rests on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.study.figures import contribution, over_seeds, paired
from common.study.folds import difference_over_folds
from common.study.records import LOCAL, POOLED, Study
from common.study.statistics import (
    ACCURACY,
    MEASURES,
    Estimate,
    Measure,
    Verdict,
    estimate,
    verdict,
)
from common.study.uncertainty import how_sure
from common.study.unseen import on_folds

TOGETHER = "All hospitals together"
MEANING = (
    "Both federations are tested on the same slices of the other hospitals. Without a hospital there are fewer slices "
    "and gradient steps; what it brings is all of that together."
)
QUESTIONS = (
    "Is the shared model better for our patients than our own would be?",
    "How far is it from what pooling all data would give?",
    "How sure are we?",
)


@dataclass(frozen=True)
class Answer:
    """An answer in plain words: one sentence, and what stands behind it, one sentence each."""

    question: str
    headline: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """Two strategies, subject minus reference, paired by seed."""

    subject: str
    reference: str
    measure: str
    """Key of a `Measure`."""
    hospital: str | None
    """Whose test slices; None for all together."""
    estimate: Estimate | None
    """Of the paired differences, as fractions."""
    seeds: tuple[int, ...]
    """The seeds that both have."""
    verdict: Verdict


def difference(study: Study, subject: str, reference: str, measure: Measure, hospital: str | None) -> Difference:
    """Compare two strategies at one hospital, or over all of them together."""
    places = study.hospitals if hospital is None else (hospital,)
    pairs = paired(study, subject, reference, measure, places)
    found, shown_by = estimate(list(pairs.values())), None
    if study.folds and found:
        found = difference_over_folds(study, subject, reference, measure, places)
        shown_by = on_folds(study, len(pairs))
    alone = [over_seeds(study, name, measure, places) for name in (subject, reference)]
    spreads = [each.spread for each in alone if each is not None and each.spread is not None]
    judged = verdict(found, max(spreads, default=None), shown_by)
    return Difference(subject, reference, measure.key, hospital, found, tuple(pairs), judged)


def comparisons(study: Study) -> list[tuple[str, str]]:
    """Return which strategies are compared: the federated one with each baseline, others with the federated one."""
    if study.federated is None:
        return []
    others = [name for name in study.strategies if name not in (LOCAL, POOLED, study.federated)]
    baselines = [name for name in (LOCAL, POOLED) if name in study.strategies]
    return [*((study.federated, name) for name in baselines), *((name, study.federated) for name in others)]


def answers(study: Study) -> tuple[Answer, Answer, Answer]:
    """Answer the three questions from what the study has so far."""
    own, pooled, sure = QUESTIONS
    return (
        _against(study, LOCAL, own, "strategy=local"),
        _against(study, POOLED, pooled, "strategy=pooled"),
        how_sure_answer(study, sure),
    )


def how_sure_answer(study: Study, question: str) -> Answer:
    """Say what the intervals rest on."""
    baselines = [name for name in (LOCAL, POOLED) if study.federated and name in study.strategies]
    pairs = [(study.federated or "", name) for name in baselines]
    together = [difference(study, *pair, ACCURACY, None).estimate for pair in pairs]
    alone = [difference(study, *pair, ACCURACY, name).estimate for pair in pairs for name in study.hospitals]
    headline, *lines = how_sure(study, together, alone)
    return Answer(question, headline, tuple(lines))


def _against(study: Study, baseline: str, question: str, setting: str) -> Answer:
    if study.federated is None or baseline not in study.strategies:
        missing = setting if study.federated else "a federated strategy"
        return Answer(question, f"Not asked: this study ran without {missing}.")
    found = [difference(study, study.federated, baseline, ACCURACY, name) for name in (None, *study.hospitals)]
    headline, *lines = (f"{each.hospital or TOGETHER}: {each.verdict.words}." for each in found)
    return Answer(question, headline, (*lines, *_counted(found[1:])))


def _counted(found: Sequence[Difference]) -> tuple[str, ...]:
    """Sum up the hospitals, so that an average hides none of them."""
    worse = [each.hospital for each in found if each.verdict.kind == "worse" and each.hospital]
    better = [each.hospital for each in found if each.verdict.kind == "better"]
    said = f"Better at {len(better)} of {len(found)} hospitals, worse at {len(worse)}; the others are not decided."
    return (said,) if found else ()


@dataclass(frozen=True)
class Contribution:
    """What one hospital brings: the federation with everybody minus the one without it."""

    hospital: str
    """The one left out."""
    on: str | None
    """Another hospital, on whose test slices this was measured; None for all others together."""
    measure: str
    """Key of a `Measure`."""
    estimate: Estimate | None
    """Of with minus without, paired by seed, as fractions."""
    verdict: Verdict
    """Better: the others gain from it."""


def contributions(study: Study, measures: tuple[Measure, ...] = MEASURES) -> Iterator[Contribution]:
    """Yield what each hospital brings to the others together and to each of them; nothing if that was not asked."""
    if study.folds or not (study.leave_one_out or study.external):
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
