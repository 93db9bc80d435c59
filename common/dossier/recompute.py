"""Are the figures that a run recorded those that its own counts give? Each that is not is named."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from common.artifacts.layout import HISTORY, META
from common.artifacts.schema import HospitalRound, Round
from common.artifacts.values import count, interval, mapping, number
from common.dossier.evidence import Evidence
from common.dossier.figures.drawn import confusion_of
from common.dossier.recompute_scores import Found, patient_figures, score_figures
from common.metrics import calibration
from common.metrics.confusion import Confusion, add_confusions, figures
from common.metrics.fairness import fairness
from common.metrics.intervals import accuracy_interval, f1_interval, wilson

_TOLERANCE = 1e-9
_MACROS = {
    "avg_f1": "macro_f1",
    "macro_f1": "macro_f1",
    "avg_precision": "macro_precision",
    "avg_recall": "macro_recall",
}


def wrong_figures(evidence: Evidence) -> Iterator[str]:
    """Give a sentence for each recorded figure that the recorded counts contradict."""
    for name, recorded, computed in _rounds(evidence):
        yield from _differs(HISTORY, name, recorded, computed)
    for name, recorded, computed in (*_tests(evidence.metrics), *_of_run(evidence)):
        yield from _differs(META, name, recorded, computed)
    for each in evidence.evaluations:
        for name, recorded, computed in _tests(each.metrics):
            yield from _differs(each.file, name, recorded, computed)
        counts = confusion_of(each.elsewhere)
        if each.elsewhere is not each.metrics and counts is not None:
            for name, recorded, computed in _shares("elsewhere.", each.elsewhere, counts):
                yield from _differs(each.file, name, recorded, computed)


def _differs(file: str, name: str, recorded: Any, computed: Any) -> Iterator[str]:
    """Compare, where both are there; what a run did not record is no mistake of it."""
    if recorded is None or computed is None or _alike(recorded, computed):
        return
    yield f"{file}: {name} is recorded as {_text(recorded)}, and the counts give {_text(computed)}."


def _alike(recorded: Any, computed: Any) -> bool:
    if isinstance(computed, tuple | list):
        ends = interval(recorded)
        return ends is not None and all(
            math.isclose(a, b, abs_tol=_TOLERANCE) for a, b in zip(ends, computed, strict=True)
        )
    if isinstance(computed, int):
        return count(recorded) == computed
    if isinstance(computed, float):
        known = number(recorded)
        return known is not None and math.isclose(known, computed, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return bool(recorded == computed)


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "–".join(map(_text, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:200]


def _of_run(evidence: Evidence) -> Iterator[Found]:
    """Compare figures of the whole run with its rounds and its tests."""
    best = evidence.run.best_round
    yield "metrics.best_val_accuracy", evidence.metrics.get("best_val_accuracy"), best.val_accuracy if best else None
    counts = None if evidence.run.measured_with else confusion_of(evidence.metrics)
    if counts is not None and not evidence.meta.get("missing_hospitals"):
        yield "test_samples", evidence.meta.get("test_samples"), int(counts.sum())
    for part in ("train", "val", "test"):
        if evidence.hospitals and all(part in each.split_counts for each in evidence.hospitals):
            total = sum(sum(each.split_counts[part].values()) for each in evidence.hospitals)
            yield f"{part}_samples", evidence.meta.get(f"{part}_samples"), total


def _tests(metrics: Mapping[str, Any]) -> Iterator[Found]:
    """Compare all figures of one evaluation with its confusion matrices and its bins."""
    yield from _body("metrics.", metrics)
    for name, recorded, computed in score_figures(metrics):
        yield f"metrics.{name}", recorded, computed
    bodies = {name: mapping(body) for name, body in mapping(metrics.get("per_hospital")).items()}
    for name, body in bodies.items():
        yield from _body(f"metrics.per_hospital.{name}.", body)
    parts = {name: counts for name, body in bodies.items() if (counts := confusion_of(body)) is not None}
    if not parts or len(parts) < len(bodies):
        return
    total = confusion_of(metrics)
    yield (
        "metrics.confusion_matrix",
        total.tolist() if total is not None else None,
        _Same(add_confusions(parts.values())),
    )
    spread = fairness(parts)
    own = mapping(metrics.get("fairness"))
    for key, value in (spread.to_json() if spread else {}).items():
        yield f"metrics.fairness.{key}", own.get(key), value


class _Same:
    """A matrix as it has to be, which is compared as a whole."""

    def __init__(self, counts: Confusion) -> None:
        self._rows = counts.tolist()

    def __eq__(self, other: object) -> bool:
        return bool(self._rows == other)

    def __str__(self) -> str:
        return str(self._rows)


def _body(where: str, body: Mapping[str, Any]) -> Iterator[Found]:
    counts = confusion_of(body)
    if counts is not None:
        yield from _shares(where, body, counts)
        yield from _classes(where, body, counts)
    for name, recorded, computed in patient_figures(body):
        yield f"{where}{name}", recorded, computed
    stated = mapping(body.get("calibration"))
    for key, bins in (("ece", stated), ("calibrated_ece", {"bins": stated.get("calibrated_bins")})):
        yield (
            f"{where}calibration.{key}",
            stated.get(key),
            calibration.expected_calibration_error(calibration.from_json(bins)),
        )


def _shares(where: str, body: Mapping[str, Any], counts: Confusion) -> Iterator[Found]:
    computed, intervals = figures(counts), mapping(body.get("intervals"))
    yield f"{where}test_accuracy", body.get("test_accuracy"), computed.accuracy
    for key, name in _MACROS.items():
        yield f"{where}{key}", body.get(key), getattr(computed, name)
    ends = accuracy_interval(counts)
    yield f"{where}n_test", body.get("n_test"), int(counts.sum())
    yield f"{where}intervals.test_accuracy", intervals.get("test_accuracy"), ends
    yield f"{where}interval", body.get("interval"), ends


def _classes(where: str, body: Mapping[str, Any], counts: Confusion) -> Iterator[Found]:
    intervals, support, named = mapping(body.get("intervals")), counts.sum(axis=1), counts.sum(axis=0)
    for index, (label, computed) in enumerate(figures(counts).per_class.items()):
        own, hits = mapping(mapping(body.get("per_class")).get(label)), int(counts[index, index])
        cases, said = int(support[index]), int(named[index])
        for key in ("recall", "precision", "f1"):
            yield f"{where}per_class.{label}.{key}", own.get(key), getattr(computed, key)
        yield f"{where}per_class.{label}.support", own.get("support"), cases
        yield f"{where}per_class.{label}.predicted", own.get("predicted"), said
        ends = {"recall": wilson(hits, cases), "precision": wilson(hits, said), "f1": f1_interval(hits, cases, said)}
        for key, computed_ends in ends.items():
            recorded = mapping(intervals.get(f"per_class_{key}")).get(label)
            yield f"{where}intervals.per_class_{key}.{label}", recorded, computed_ends


def _rounds(evidence: Evidence) -> Iterator[Found]:
    for each in evidence.run.rounds:
        parts = list(each.hospitals.values())
        yield from _validated(f"round {each.number}, ", each)
        for name, part in each.hospitals.items():
            yield from _validated(f"round {each.number}, {name}, ", part)
        yield f"round {each.number}, val_loss", each.val_loss, _mean(parts, "val_loss", "val_samples")
        if each.pooled is None:
            for key in ("train_loss", "train_accuracy"):
                yield f"round {each.number}, {key}", getattr(each, key), _mean(parts, key, "train_samples")


def _validated(where: str, part: Round | HospitalRound) -> Iterator[Found]:
    counts = confusion_of({"confusion_matrix": part.val_confusion_matrix})
    if counts is None:
        return
    computed, ends = figures(counts), part.val_interval
    yield f"{where}val_accuracy", part.val_accuracy, computed.accuracy
    yield f"{where}val_macro_f1", part.val_macro_f1, computed.macro_f1
    yield f"{where}val_samples", part.val_samples, int(counts.sum())
    yield f"{where}val_interval", ends if isinstance(ends, tuple) else None, accuracy_interval(counts)


def _mean(parts: list[HospitalRound], value: str, weight: str) -> float | None:
    """Return a mean over slices; None where a hospital's part of it is not recorded."""
    known = [(number(getattr(part, value)), count(getattr(part, weight))) for part in parts]
    pairs = [(figure, cases) for figure, cases in known if figure is not None and cases]
    total = sum(cases for _, cases in pairs)
    return sum(figure * cases for figure, cases in pairs) / total if total else None
