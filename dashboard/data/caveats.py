"""What a reader must know before believing a run's figures: one sentence each, no more than what the files prove."""

from __future__ import annotations

from collections.abc import Iterable

from common.artifacts.schema import Run
from common.artifacts.values import count, mapping, texts
from common.artifacts.words import POOLED, cautions_of
from dashboard.charts import formats
from dashboard.charts.theme import class_title
from dashboard.data import shared_slices
from dashboard.data.facts import held_by_one, small
from dashboard.data.remark import Remark
from dashboard.data.results import Result
from dashboard.data.shares import FEW_CASES


def remarks(run: Run, results: Iterable[Result]) -> list[Remark]:
    """Return everything to know about a run's test figures, what weighs most first.

    Parameters
    ----------
    run : Run
    results : iterable of Result
        Its test over all hospitals and at each of them.
    """
    recorded = cautions_of(run.meta)
    codes = {each.code for each in recorded}
    found = [
        _synthetic(run),
        _pooled(run),
        _own_models(run),
        *(Remark(False, f"{each.code}: {each.sentence}") for each in recorded),
        _split(run) if "EVAL001" not in codes else None,
        shared_slices.remark(run) if "EVAL005" not in codes else None,
        _labels(run),
        *_one_sided(run),
        _answered(run),
        *_small(results),
    ]
    return [remark for remark in found if remark is not None]


def _synthetic(run: Run) -> Remark | None:
    if not run.synthetic:
        return None
    return Remark(False, "The slices are SYNTHETIC: a program drew them, so the figures say nothing about patients.")


def _pooled(run: Run) -> Remark | None:
    return Remark(False, run.notice or POOLED) if run.pooled else None


def _own_models(run: Run) -> Remark | None:
    return Remark(True, run.no_shared_model) if run.no_shared_model else None


def _split(run: Run) -> Remark:
    split = mapping(run.meta.get("split"))
    across = count(split.get("groups_across_splits"))
    if split.get("grouped") is True and across == 0:
        return Remark(True, "Look-alikes and neighbouring slices stand on one side of the split, none on two.")
    if across:
        groups = f"{across:,} groups of look-alikes stand" if across > 1 else "A group of look-alikes stands"
        return Remark(False, f"{groups} on more than one side of the split, so the figures flatter the model.")
    if split.get("grouped") is False:
        return Remark(False, "Slices were split one by one: those of one patient may be in training and in the test.")
    return Remark(None, "Whether slices of one patient are in both training and test is not recorded.")


def _labels(run: Run) -> Remark | None:
    if "warnings" in run.meta or not run.metrics:
        return None
    return Remark(None, "Whether one picture stands under two labels is not recorded.")


def _one_sided(run: Run) -> list[Remark]:
    return [
        Remark(
            False,
            f"{class_title(label)} is held by {hospital} alone: the model can learn the hospital instead of the "
            "class, and hospitals' accuracies are not like for like.",
        )
        for label, hospital in held_by_one(run)
    ]


def _answered(run: Run) -> Remark | None:
    if run.pooled:
        return None
    missing = sorted({*run.status.missing_hospitals, *texts(run.meta.get("missing_hospitals"))})
    if missing:
        return Remark(False, f"{formats.listed(missing)} missed at least one round.")
    if not run.status.hospitals:
        return Remark(None, "Whether every hospital took part in every round is not recorded.")
    return Remark(True, "Every hospital took part in every round.")


def _small(results: Iterable[Result]) -> list[Remark]:
    places = [
        f"{class_title(row.name)} ({small(row.support)}) at {result.title}"
        for result in results
        for row in result.classes
        if row.few and row.support
    ]
    if not places:
        return []
    named = ", ".join(places[:4]) + (f" and {len(places) - 4} more" if len(places) > 4 else "")
    return [Remark(False, f"Fewer than {FEW_CASES} test slices, so nearly nothing is known: {named}.")]
