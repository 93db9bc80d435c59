"""The board's three questions, each answered from the intervals: a headline and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.study.records import LOCAL, POOLED, Study
from common.study.statistics import ACCURACY, Estimate, Measure, Verdict, estimate, over_seeds, paired, verdict
from common.study.uncertainty import how_sure

TOGETHER = "All hospitals together"
QUESTIONS = (
    "Is the shared model better for our patients than our own would be?",
    "How far is it from what pooling all data would give?",
    "How sure are we?",
)


@dataclass(frozen=True)
class Answer:
    """An answer in plain words.

    Attributes
    ----------
    question : str
    headline : str
        One sentence.
    lines : tuple of str
        What stands behind it, one sentence each.
    """

    question: str
    headline: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """Two strategies, paired by seed.

    Attributes
    ----------
    subject, reference : str
        Strategies; subject minus reference.
    measure : str
        Key of a `Measure`.
    hospital : str or None
        Whose test slices; None for all together.
    estimate : Estimate or None
        Of the paired differences, as fractions.
    seeds : tuple of int
        The seeds that both have.
    verdict : Verdict
    """

    subject: str
    reference: str
    measure: str
    hospital: str | None
    estimate: Estimate | None
    seeds: tuple[int, ...]
    verdict: Verdict


def difference(study: Study, subject: str, reference: str, measure: Measure, hospital: str | None) -> Difference:
    """Compare two strategies at one hospital, or over all of them together."""
    places = study.hospitals if hospital is None else (hospital,)
    pairs = paired(study, subject, reference, measure, places)
    found = estimate(list(pairs.values()))
    alone = [over_seeds(study, name, measure, places) for name in (subject, reference)]
    spreads = [each.spread for each in alone if each is not None and each.spread is not None]
    judged = verdict(found, max(spreads, default=None))
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
