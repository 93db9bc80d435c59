"""The end of a run on screen: every test figure with its cases and its 95 % interval, and why to doubt it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from common.artifacts.cautions import from_json
from common.artifacts.read_intervals import how_sure, recorded_interval
from common.intervals import Interval
from common.labels import CLASSES
from common.support import FEW_CASES

Figures = Mapping[str, Any]
NOTE = f"Macro F1: mean over the classes with test slices. * fewer than {FEW_CASES}: nearly nothing is known."


def closing(meta: Figures) -> Group:
    """Return everything to say of a finished run, in 80 columns.

    Parameters
    ----------
    meta : mapping
        The content of ``model_meta.json``.
    """
    metrics = meta["metrics"]
    parts: list[RenderableType] = [
        accuracy_table(meta["model_tested"], metrics),
        class_table(metrics),
        recall_table(metrics["per_hospital"]),
        *(Text(line, style="dim") for line in (how_sure(metrics["intervals"]), NOTE)),
        *(Text(line) for line in summary_lines(meta)),
        *(
            Text.from_markup(f"[yellow]{each.code}[/] {escape(each.sentence)}")
            for each in from_json(meta["warnings"]) or []
        ),
    ]
    return Group(*parts)


def accuracy_table(model: str, metrics: Figures) -> Table:
    """Return accuracy and macro F1 at each hospital and over all."""
    table = table_of(f"Test slices, {model}: percent (95 % interval)", "hospital", ("slices", "accuracy", "macro F1"))
    for name, own in metrics["per_hospital"].items():
        table.add_row(name, *_accuracy(own["n_test"], own, own["macro_f1"]))
    table.add_section()
    samples = sum(own["n_test"] for own in metrics["per_hospital"].values())
    table.add_row("all hospitals", *_accuracy(samples, metrics, metrics["avg_f1"]), style="bold")
    return table


def class_table(metrics: Figures) -> Table:
    """Return each class's figures over all hospitals."""
    table = table_of("All hospitals, by class", "class", ("slices", "recall", "precision", "F1"))
    for name in CLASSES:
        own = metrics["per_class"][name]
        figures = [_figure(own[key], _ends(metrics, f"per_class_{key}", name)) for key in ("recall", "precision", "f1")]
        table.add_row(name, f"{own['support']:,}{_mark(own)}", *(figures if own["support"] else ["–"] * 3))
    return table


def recall_table(hospitals: Mapping[str, Figures]) -> Table:
    """Return each class's recall at each hospital, with the slices it rests on in a second line."""
    table = table_of("Recall at each hospital, of how many slices", "hospital", CLASSES)
    for name, own in hospitals.items():
        cells = []
        for label in CLASSES:
            figures = own["per_class"][label]
            recall = _figure(figures["recall"], _ends(own, "per_class_recall", label), digits=0)
            cells.append(f"{recall}\n{figures['support']:,}{_mark(figures)}" if figures["support"] else "–")
        table.add_row(name, *cells)
    return table


def summary_lines(meta: Figures) -> list[str]:
    """Say how evenly the model serves the hospitals, and whether its confidence is honest."""
    lines = []
    if even := meta["metrics"]["fairness"]:
        ends = _ends(meta["metrics"]["per_hospital"][even["worst_hospital"]], "test_accuracy")
        lines.append(
            f"Worst hospital: {even['worst_hospital']}, {_figure(even['worst_accuracy'], ends)} of "
            f"{even['worst_samples']:,} slices; gap to the best {100 * even['gap']:.1f} points, standard deviation "
            f"{100 * even['standard_deviation']:.1f}."
        )
    calibration = meta["metrics"]["calibration"]
    if calibration["ece"] is not None:
        lines.append(f"Calibration error: {100 * calibration['ece']:.1f} points{_calibrated(meta)}.")
    return lines


def table_of(title: str, first: str, headings: Sequence[str]) -> Table:
    """Return an empty table that fits 80 columns."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _accuracy(samples: int, figures: Figures, macro_f1: float) -> list[str]:
    accuracy = _figure(figures["test_accuracy"], _ends(figures, "test_accuracy"))
    macro = _figure(macro_f1, _ends(figures, "macro_f1"))
    return [f"{samples:,}", accuracy, macro] if samples else ["0", "–", "–"]


def _ends(figures: Figures, figure: str, label: str | None = None) -> Interval | None:
    return recorded_interval(figures["intervals"], figure, label)


def _figure(value: float, ends: Interval | None, digits: int = 1) -> str:
    """Write a share in percent with its interval: "88.6 (84.9–91.4)"."""
    if ends is None:
        return f"{100 * value:.{digits}f}"
    return f"{100 * value:.{digits}f} ({100 * ends[0]:.{digits}f}–{100 * ends[1]:.{digits}f})"


def _mark(figures: Figures) -> str:
    return "*" if figures["few_cases"] else ""


def _calibrated(meta: Figures) -> str:
    after = meta["metrics"]["calibration"].get("calibrated_ece")
    if meta["temperature"] is None or after is None:
        return "; no temperature was fitted"
    return f", and {100 * after:.1f} with the scores divided by {meta['temperature']:.2f} (fitted on validation slices)"
