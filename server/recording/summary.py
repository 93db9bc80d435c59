"""The end of a run on the terminal: every test figure with its cases and 95 % interval, and why to doubt it."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from common.artifacts import words
from common.artifacts.card_tables import class_rows, hospital_rows, recall_rows
from common.artifacts.privacy.guarantee import recorded_privacy
from common.artifacts.privacy.words import sentences as privacy_sentences
from common.artifacts.tested.headline import headline_sentences
from common.artifacts.tested.patients import patient_sentence
from common.labels import CLASSES

Figures = Mapping[str, Any]
NOTE = f"Macro F1: mean over the classes with test slices. * {words.FEW}: nearly nothing is known."


def summary(meta: Figures) -> Group:
    """Return everything to say of a finished run, by its ``model_meta.json``, in 80 columns."""
    metrics = meta["metrics"]
    parts: list[RenderableType] = [
        *(Text(meta["notice"], style="bold yellow") for _ in [words.measured_with(meta)] if _),
        accuracy_table(meta["model_tested"], metrics),
        class_table(metrics),
        recall_table(metrics["per_hospital"]),
        *(table for table in (cross_table(meta), fine_tuned_table(meta)) if table),
        *(Text(line, style="dim") for line in (words.how_sure(metrics["intervals"]), NOTE)),
        *(Text(line) for line in (*headline_sentences(meta), patient_sentence(metrics)) if line),
        *(Text(line) for line in (words.worst_hospital(metrics), words.calibration(meta)) if line),
        *map(Text, privacy_lines(meta)),
        *(Text.from_markup(f"[yellow]{each.code}[/] {escape(each.sentence)}") for each in words.cautions_of(meta)),
    ]
    return Group(*parts)


def privacy_lines(meta: Figures) -> list[str]:
    """Say what a run with noise promises each patient, and what that cost; nothing of any other run."""
    found = recorded_privacy(meta)
    return privacy_sentences(found) if found and found.is_private else []


def accuracy_table(model: str, metrics: Figures) -> Table:
    """Return accuracy and macro F1 at each hospital and over all."""
    table = table_of(f"Test slices, {model}: percent (95 % interval)", "hospital", ("slices", "accuracy", "macro F1"))
    *hospitals, together = hospital_rows(metrics)
    for row in hospitals:
        table.add_row(*row)
    table.add_section()
    table.add_row(*together, style="bold")
    return table


def class_table(metrics: Figures) -> Table:
    """Return each class's figures over all hospitals."""
    table = table_of("All hospitals, by class", "class", ("slices", "recall", "precision", "F1"))
    for label, cases, recall, _, precision, f1 in class_rows(metrics):
        table.add_row(label, cases, recall, precision, f1)
    return table


def recall_table(hospitals: Mapping[str, Figures]) -> Table:
    """Return each class's recall at each hospital, with the slices it rests on in a second line."""
    table = table_of("Recall at each hospital, of how many slices", "hospital", CLASSES)
    for name, *recalls in recall_rows(hospitals):
        table.add_row(name, *(text.replace(" of ", "\n") for text in recalls))
    return table


def cross_table(meta: Figures) -> Table | None:
    """Return each hospital's own update and the shared model at each hospital, in percent; None where not asked for."""
    found = meta.get("cross_matrix")
    if not found or not found["models"]:
        return None
    title = f"Accuracy of each update of round {found['round']} (row) at each hospital"
    table = table_of(title, "update of", [name[:14] for name in found["hospitals"]])
    for name, row in zip(found["models"], found["test_accuracy"], strict=True):
        table.add_row(name, *map(_percent, row))
    table.add_section()
    table.add_row("shared model", *map(_percent, found["shared"]["test_accuracy"]), style="bold")
    return table


def fine_tuned_table(meta: Figures) -> Table | None:
    """Return what each hospital gains by training the shared model on for itself; None where not asked for."""
    found = meta.get("fine_tuned")
    if not found:
        return None
    title = f"The shared model, trained on at each hospital (rounds: {found['rounds']})"
    table = table_of(title, "hospital", ("slices", "shared", "fine-tuned"))
    for name, own in found["per_hospital"].items():
        shared = meta["metrics"]["per_hospital"].get(name, {})
        table.add_row(name, f"{own['n_test']:,}", _share(shared), _share(own))
    return table


def _percent(value: float | None) -> str:
    return words.NOTHING if value is None else f"{100 * value:.1f}"


def _share(own: Figures) -> str:
    return words.share_text(own["test_accuracy"], words.accuracy_interval(own)) if own.get("n_test") else words.NOTHING


def table_of(title: str, first: str, headings: Sequence[str]) -> Table:
    """Return an empty table that fits 80 columns."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
