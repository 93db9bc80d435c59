"""An evaluation on the terminal: each hospital's figures beside those of the run's own test."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from common.artifacts import words
from common.artifacts.card_tables import hospital_rows
from common.artifacts.external.comparison import compared_rows, comparison_sentences, reference_of
from common.artifacts.external.paired_words import interval_points, p_text
from common.artifacts.external.words import compared, copies, skipped
from common.protocol.description import Description
from server.recording.summary import class_table, table_of
from server.recording.terminal import Terminal

Figures = Mapping[str, Any]


class EvaluationTerminal(Terminal):
    """Shows an evaluation as a run is shown, with another end."""

    def described(self, descriptions: Sequence[Description]) -> None:
        self._show_held(descriptions)  # no round follows

    def completed(self, meta: Figures) -> None:
        self._clear_tasks()
        self._progress.stop()
        self.console.print(evaluation_summary(meta), highlight=False)


def evaluation_summary(meta: Figures) -> Group:
    """Return everything to say of an evaluation, in 80 columns."""
    parts: list[RenderableType] = [
        figures_table(meta),
        class_table(meta["metrics"]),
        *(Text(sentence) for sentence in (compared(meta), skipped(meta), copies(meta)) if sentence),
        *comparison(meta),
        *(Text.from_markup(f"[yellow]{each.code}[/] {escape(each.sentence)}") for each in words.cautions_of(meta)),
        Text(words.how_sure(meta["metrics"]["intervals"]), style="dim"),
    ]
    return Group(*parts)


def figures_table(meta: Figures) -> Table:
    """Return accuracy and macro F1 at each hospital, and the run's own test in the last row."""
    trained = {each["name"] for each in meta["hospitals"] if each["trained"]}
    title = f"The model of {meta['of']} elsewhere: percent (95 % interval)"
    table = table_of(title, "hospital", ("slices", "accuracy", "macro F1"))
    *hospitals, together = hospital_rows(meta["metrics"])
    for name, *figures in hospitals:
        table.add_row(f"{name}{' (trained it)' if name in trained else ''}", *figures)
    if len(hospitals) > 1:
        table.add_section()
        table.add_row(*together)
    table.add_section()
    table.add_row(*_internal_row(meta), style="dim")
    return table


def comparison(meta: Figures) -> list[RenderableType]:
    """Return two models on the same cases, and what that says; nothing where none was compared with."""
    other, rows = reference_of(meta), compared_rows(meta)
    if not other or not rows:
        return []
    title = f"{meta['of']} beside {other} on the same cases: percent right (points: 95 % interval)"
    table = table_of(title, "", ("cases", meta["of"], other, "points", "alone right", "p"))
    for row in rows:
        shares = (f"{100 * share:.1f}" for share in (row.accuracy, row.reference_accuracy))
        points = f"{100 * row.difference:+.1f} ({interval_points(row.interval)})"
        alone = f"{row.only_this:,}:{row.only_reference:,}"
        table.add_row(f"  {row.name}" if row.name else row.of, f"{row.cases:,}", *shares, points, alone, p_text(row.p))
    return [table, *(Text(sentence) for sentence in comparison_sentences(meta))]


def _internal_row(meta: Figures) -> list[str]:
    internal = meta["internal"]
    shares = [
        words.share_text(internal[value], words.recorded_interval(internal["intervals"], figure))
        for value, figure in (("test_accuracy", "test_accuracy"), ("avg_f1", "macro_f1"))
    ]
    return [f"{meta['of']}, its own test", f"{internal['n_test']:,}", *shares]
