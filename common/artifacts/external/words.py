"""Sentences about a model away from home, said on the terminal, in files and on pages; nothing of what is missing."""

from collections.abc import Mapping
from typing import Any

from common.artifacts.external.lineage import Origin, origin_of
from common.artifacts.values import count, interval, mapping, number, sequence, text
from common.artifacts.words import accuracy_interval, share_text
from common.metrics.intervals import Interval
from common.text import counted, listed


def compared(meta: Mapping[str, Any]) -> str | None:
    """Say how much worse a model is elsewhere, by ``evaluation_meta.json``; None where it was tested at home only."""
    found, inside = mapping(meta.get("elsewhere")), mapping(meta.get("internal"))
    value, difference = number(found.get("test_accuracy")), number(found.get("difference"))
    home, ends = number(inside.get("test_accuracy")), interval(found.get("difference_interval"))
    if value is None or difference is None or home is None or ends is None:
        return None
    where = listed([name for name in sequence(found.get("hospitals")) if isinstance(name, str)])
    slices = counted(count(found.get("n_test")) or 0, "slice")
    right, run = (
        share_text(value, elsewhere_interval(meta)),
        text(inside.get("of")) or text(meta.get("of")) or "the run",
    )
    points = f"{abs(100 * difference):.1f} points {'lower' if difference < 0 else 'higher'}"
    sure = f"{100 * ends[0]:+.1f} to {100 * ends[1]:+.1f}"
    return (
        f"At {where}, which did not train it, the model is right on {right} % of {slices}: {points} than in {run}'s "
        f"own test ({100 * home:.1f} %; 95 % interval of the difference {sure}{_verdict(ends)})."
    )


def elsewhere_interval(meta: Mapping[str, Any]) -> Interval | None:
    """Return the interval of the accuracy elsewhere: the whole evaluation's, or its one hospital's."""
    found, metrics = mapping(meta.get("elsewhere")), mapping(meta.get("metrics"))
    names = [name for name in sequence(found.get("hospitals")) if isinstance(name, str)]
    tests = mapping(metrics.get("per_hospital"))
    if set(names) == set(tests):
        return accuracy_interval(metrics, count(found.get("n_test")))
    return accuracy_interval(mapping(tests.get(names[0]))) if len(names) == 1 else accuracy_interval(found)


def _verdict(ends: tuple[float, float]) -> str:
    return ", so chance alone can be the reason" if ends[0] <= 0 <= ends[1] else ""


def skipped(meta: Mapping[str, Any]) -> str | None:
    """Name the hospitals that did not evaluate the model."""
    missing = [name for name in sequence(meta.get("missing_hospitals")) if isinstance(name, str)]
    return f"Not evaluated at {listed(missing)}." if missing else None


def copies(meta: Mapping[str, Any]) -> str | None:
    """Say whether slices that were evaluated elsewhere are copies of slices that the model was trained on."""
    if "test_slices_trained_elsewhere" not in meta or not mapping(meta.get("elsewhere")):
        return None
    found = count(meta.get("test_slices_trained_elsewhere"))
    if found is None:
        return (
            "Whether slices there are copies of slices that the model was trained on was not looked for; name a "
            "hospital that trained it in hospitals=[...], too."
        )
    return f"Of the evaluated slices, {found:,} are copies of slices that a hospital that was there trained on."


def part_text(hospital: Mapping[str, Any]) -> str:
    """Say which slices a hospital evaluated."""
    if hospital.get("trained") is False and hospital.get("trained_reference") is True:
        return "its test slices; it trained the model to compare with"
    return "its test slices; it trained the model" if hospital.get("trained") is True else "every usable slice"


def descent(origin: Origin) -> str:
    """Say which model a run began with."""
    saw = (
        f"weights that saw {counted(origin.synthetic.images, 'program-made image')}, no patient"
        if origin.synthetic
        else ""
    )
    if not origin.lineage:
        return f"Starts from {saw}."
    first, *rest = origin.lineage
    before = f", itself from that of {listed([each.run for each in rest])}" if rest else ""
    began = f", and at the very first from {saw}" if saw else ""
    return f"Trained on from the model of {first.run} (SHA-256 {first.model_sha256[:12]}){before}{began}."


def beginning(meta: Mapping[str, Any]) -> str:
    """Say, by ``model_meta.json``, what a model was made of before the first round."""
    origin = origin_of(meta)
    return descent(origin) if origin else "Trained from scratch."
