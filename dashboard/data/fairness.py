"""How evenly a model serves the hospitals, in the words and numbers that the run recorded."""

from __future__ import annotations

from statistics import pstdev

from common.artifacts.schema import Round, Run
from common.artifacts.values import count, interval, mapping, number, text
from dashboard.charts import formats
from dashboard.data.facts import hospital_tests
from dashboard.data.shares import Share, written

NOT_RECORDED = "How much the hospitals differ was not recorded for this run."


def spread(run: Run) -> float | None:
    """Return the standard deviation of the hospitals' test accuracies, a fraction; None where none is recorded."""
    return number(mapping(run.metrics.get("fairness")).get("standard_deviation"))


def of_round(round_: Round) -> tuple[str, str]:
    """Return the hospital with the lowest validation accuracy, and the standard deviation over hospitals, as texts.

    Dashes where fewer than two hospitals recorded a validation accuracy in that round.
    """
    known = {name: part for name, part in sorted(round_.hospitals.items()) if part.val_accuracy is not None}
    if len(known) < 2:
        return formats.MISSING, formats.MISSING
    accuracies = {name: part.val_accuracy or 0.0 for name, part in known.items()}
    worst = min(accuracies, key=lambda name: accuracies[name])
    of = f" of {known[worst].val_samples:,}" if known[worst].val_samples is not None else ""
    deviation = formats.points(pstdev(accuracies.values())).lstrip("+")
    return f"{worst}, {formats.percent(accuracies[worst])}{of}", deviation


def sentence(run: Run) -> str:
    """Name the worst hospital with its interval, the gap to the best and the standard deviation."""
    if "fairness" not in run.metrics:
        return NOT_RECORDED
    found = mapping(run.metrics["fairness"])
    worst, accuracy = text(found.get("worst_hospital")), number(found.get("worst_accuracy"))
    gap, deviation = number(found.get("gap")), spread(run)
    if not found:
        return "Fewer than two hospitals were tested, so nothing can be said of differences between them."
    if worst is None or accuracy is None or gap is None or deviation is None:
        return NOT_RECORDED
    tests = hospital_tests(run)
    ends = tests[worst].interval if worst in tests else interval(found.get("worst_interval"))
    return (
        f"Worst hospital: {worst}, {written(Share(accuracy, ends))} of "
        f"{formats.whole(count(found.get('worst_samples')))} test slices; gap to the best {100 * gap:.1f} points, "
        f"standard deviation over hospitals {100 * deviation:.1f} points."
    )
