"""``results`` of ``study.json``: everything that follows from the cells, for readers that are not this project."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from common.metrics.fairness import exclusive_classes
from common.study import answers, figures, site, statistics, uncertainty, unseen
from common.study.headline import headline
from common.study.records import Study


def results_json(study: Study) -> dict[str, Any]:
    """Return everything that follows from the cells; ``hospital: null`` means all of them together."""
    return {
        "confidence": 0.95,
        "interval": INTERVALS[bool(study.folds)],
        "headline": headline(study),
        "unseen": list(_unseen(study)),
        "unseen_differences": list(_unseen_differences(study)),
        "strategies": list(_strategies(study)),
        "differences": list(_differences(study)),
        "leave_one_out": [
            {
                "left_out": each.hospital,
                "on": each.on,
                "measure": each.measure,
                **estimate_json(each.estimate),
                "verdict": each.verdict.kind,
                "words": each.verdict.words,
            }
            for each in answers.contributions(study)
        ],
        "site_or_disease": list(_sites(study)),
        "gradient_steps": {
            name: {str(seed): steps for seed, steps in found.items()}
            for name, found in uncertainty.steps_by_strategy(study).items()
        },
        "answers": [asdict(answer) for answer in answers.answers(study)],
    }


def estimate_json(found: statistics.Estimate | None) -> dict[str, Any]:
    """Return an estimate's four keys, all of them null where there is none."""
    if found is None:
        return {"mean": None, "interval": None, "spread": None, "n": 0}
    interval = list(found.interval) if found.interval else None
    return {"mean": found.mean, "interval": interval, "spread": found.spread, "n": found.n}


INTERVALS = {
    False: "Student's t over seeds",
    True: "over groups of related slices and seeds; differences over folds, corrected for what they share",
}


def _unseen(study: Study) -> Iterator[dict[str, Any]]:
    for kind, of in unseen.UNSEEN.items():
        for strategy in study.strategies:
            if found := of(study, strategy):
                yield {
                    "question": unseen.KINDS[kind],
                    "test": kind,
                    "strategy": strategy,
                    "accuracy": estimate_json(found.accuracy),
                    "recalls": {label: estimate_json(each) for label, each in found.recalls.items()},
                    "per_hospital": {name: estimate_json(each) for name, each in found.hospitals.items()},
                    "worst_hospital": found.worst,
                    "best_hospital": found.best,
                    "slices": found.slices,
                    "left_out_slices": found.left_out,
                    "own_split": estimate_json(found.own_split),
                }


def _unseen_differences(study: Study) -> Iterator[dict[str, Any]]:
    for kind, of in unseen.UNSEEN.items():
        for subject, reference in answers.comparisons(study):
            if of(study, subject) and of(study, reference):
                found = unseen.unseen_difference(study, kind, subject, reference)
                yield {
                    "test": kind,
                    "subject": subject,
                    "reference": reference,
                    **estimate_json(found.estimate),
                    "pairs": list(found.pairs),
                    "verdict": found.verdict.kind,
                    "words": found.words,
                }


def _strategies(study: Study) -> Iterator[dict[str, Any]]:
    for strategy in study.strategies:
        for measure in statistics.MEASURES:
            for hospital in (None, *study.hospitals):
                places = study.hospitals if hospital is None else (hospital,)
                found = figures.over_seeds(study, strategy, measure, places)
                where = {"strategy": strategy, "hospital": hospital, "measure": measure.key}
                yield where | estimate_json(found)


def _differences(study: Study) -> Iterator[dict[str, Any]]:
    for subject, reference in answers.comparisons(study):
        for measure in statistics.MEASURES:
            for hospital in (None, *study.hospitals):
                found = answers.difference(study, subject, reference, measure, hospital)
                yield {
                    "subject": subject,
                    "reference": reference,
                    "hospital": hospital,
                    "measure": measure.key,
                    **estimate_json(found.estimate),
                    "seeds": list(found.seeds),
                    "verdict": found.verdict.kind,
                    "words": found.verdict.words,
                }


def _sites(study: Study) -> Iterator[dict[str, Any]]:
    for label, hospital in exclusive_classes(study.class_counts):
        for strategy in study.strategies:
            found = site.over_seeds(study, strategy, label, hospital)
            yield {
                "class": label,
                "hospital": hospital,
                "strategy": strategy,
                **{name: estimate_json(value) for name, value in found.items()},
                "site_only_predictor": {"recall": 1.0, "own_others": 1.0, "elsewhere": 0.0, "told_apart": 0.0},
                "limits": site.LIMITS,
            }
