"""What follows from a run's files, worked out once for every page: test figures, gaps, classes held by one hospital."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.artifacts import schema, words
from common.artifacts.values import count, mapping, number
from common.metrics.fairness import exclusive_classes
from common.metrics.intervals import Interval
from dashboard.charts import formats
from dashboard.settings import SMALL_COUNT

NOT_RECORDED = "How much the hospitals differ was not recorded for this run."


@dataclass(frozen=True)
class TestFigures:
    """A test of the finished model: fractions, their recorded 95 % intervals, and how many slices it rests on."""

    accuracy: float
    interval: Interval | None = None
    n_test: int | None = None
    macro_f1: formats.Share = field(default_factory=formats.Share)

    __test__ = False  # not a test class for pytest

    @property
    def share(self) -> formats.Share:
        """The accuracy with its interval."""
        return formats.Share(self.accuracy, self.interval)


def overall_test(run: schema.Run) -> TestFigures | None:
    """Return the run's test over all hospitals, None if it recorded none."""
    metrics = run.metrics
    accuracy = number(metrics.get("test_accuracy"))
    if accuracy is None:
        return None
    cases = None if run.measured_with else count(run.meta.get("test_samples"))
    return TestFigures(accuracy, words.accuracy_interval(metrics, cases), cases, _macro_f1(metrics, "avg_f1"))


def own_test(run: schema.Run) -> TestFigures | None:
    """Return the run's test of its own model over all hospitals; None for a final model, which no slice can test."""
    return None if run.measured_with else overall_test(run)


def of_recipe(run: schema.Run, what: str) -> str:
    """Name a test figure: "Test accuracy", or of a final model "Test accuracy of run-003", which tested its recipe."""
    return f"{what} of {run.measured_with}" if run.measured_with else what


def hospital_tests(run: schema.Run) -> dict[str, TestFigures]:
    """Return the test at each hospital that recorded one, alphabetically."""
    found: dict[str, TestFigures] = {}
    for name, raw in sorted(mapping(run.metrics.get("per_hospital")).items()):
        body = mapping(raw)
        accuracy = number(body.get("test_accuracy"))
        if accuracy is not None:
            ends = words.accuracy_interval(body)
            found[str(name)] = TestFigures(accuracy, ends, count(body.get("n_test")), _macro_f1(body, "macro_f1"))
    return found


def _macro_f1(body: Mapping[str, Any], key: str) -> formats.Share:
    return formats.Share(number(body.get(key)), words.recorded_interval(body.get("intervals"), "macro_f1"))


def hospital_gap(run: schema.Run) -> float | None:
    """Return the largest minus the smallest test accuracy of the hospitals, as a fraction; None below two."""
    accuracies = [test.accuracy for test in hospital_tests(run).values()]
    return max(accuracies) - min(accuracies) if len(accuracies) > 1 else None


def held_by_one(run: schema.Run) -> list[tuple[str, str]]:
    """Return ``(class, hospital)`` for each class that only one of several hospitals holds."""
    return exclusive_classes({hospital.name: hospital.class_counts for hospital in run.hospitals.values()})


def total_slices(run: schema.Run) -> int | None:
    """Return the slices that all hospitals hold, None if none said."""
    totals = [hospital.total for hospital in run.hospitals.values() if hospital.total is not None]
    return sum(totals) if totals else None


def used_slices(run: schema.Run) -> int | None:
    """Return the slices that trained, validated or tested at all hospitals, None if one did not say."""
    used = [hospital.used for hospital in run.hospitals.values()]
    return sum(each for each in used if each is not None) if used and None not in used else None


def slices(hospital: schema.HospitalData, noun: str = "slices") -> str:
    """Write a hospital's slices: "3,129 slices held, 280 used", or one number where it used all."""
    return words.slices_text(hospital.total, hospital.used, noun)


def small(value: int | None) -> str:
    """Write a class count; a positive one under five as "<5", which singles nobody out."""
    if value is not None and 0 < value < SMALL_COUNT:
        return f"<{SMALL_COUNT}"
    return formats.whole(value)


def spread(run: schema.Run) -> float | None:
    """Return the standard deviation of the hospitals' test accuracies, a fraction; None where none is recorded."""
    return number(mapping(run.metrics.get("fairness")).get("standard_deviation"))


def fairness_sentence(run: schema.Run) -> str:
    """Name the worst hospital with its interval and the best one, the gap and the standard deviation."""
    if "fairness" in run.metrics and not mapping(run.metrics["fairness"]):
        return "Fewer than two hospitals were tested, so nothing can be said of differences between them."
    return words.worst_hospital(run.metrics) or NOT_RECORDED
