"""The ``results`` of ``study.json``: estimates, paired differences, leave-one-out, site or disease, answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from common.metrics.fairness import exclusive_classes
from common.study import site
from common.study.answers import answers, comparisons, difference
from common.study.leave_one_out import contributions
from common.study.records import Study
from common.study.statistics import MEASURES, Estimate, over_seeds
from common.study.uncertainty import steps_by_strategy


def results_json(study: Study) -> dict[str, Any]:
    """Return everything that follows from the cells; ``hospital: null`` means all of them together."""
    return {
        "confidence": 0.95,
        "interval": "Student's t over seeds",
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
            for each in contributions(study)
        ],
        "site_or_disease": list(_sites(study)),
        "gradient_steps": {
            name: {str(seed): steps for seed, steps in found.items()}
            for name, found in steps_by_strategy(study).items()
        },
        "answers": [asdict(answer) for answer in answers(study)],
    }


def estimate_json(found: Estimate | None) -> dict[str, Any]:
    """Return an estimate's four keys, all of them null where there is none."""
    if found is None:
        return {"mean": None, "interval": None, "spread": None, "n": 0}
    interval = list(found.interval) if found.interval else None
    return {"mean": found.mean, "interval": interval, "spread": found.spread, "n": found.n}


def _strategies(study: Study) -> Iterator[dict[str, Any]]:
    for strategy in study.strategies:
        for measure in MEASURES:
            for hospital in (None, *study.hospitals):
                places = study.hospitals if hospital is None else (hospital,)
                found = over_seeds(study, strategy, measure, places)
                where = {"strategy": strategy, "hospital": hospital, "measure": measure.key}
                yield where | estimate_json(found)


def _differences(study: Study) -> Iterator[dict[str, Any]]:
    for subject, reference in comparisons(study):
        for measure in MEASURES:
            for hospital in (None, *study.hospitals):
                found = difference(study, subject, reference, measure, hospital)
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
