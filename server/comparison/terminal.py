"""A comparison on the terminal: a line before each pair, and at the end a table and what it says."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from common.artifacts.compared.record import ELSEWHERE, OWN
from common.artifacts.compared.records import Pair
from common.artifacts.compared.words import group_noun, part_sentences
from common.artifacts.external.paired_words import about, interval_points
from common.artifacts.values import interval, mapping, number, sequence
from common.artifacts.words import NOTHING
from common.labels import SYNTHETIC
from server.comparison.subjects import Place
from server.recording.summary import table_of

Json = Mapping[str, Any]
TITLES = {
    OWN: "Held-back slices of the hospitals that trained both: percent right",
    ELSEWHERE: "Hospitals that trained neither: percent right",
}


def pair_line(pair: Pair, number_: int, pairs: int, seconds: float | None, now: datetime) -> str:
    """Return the line before a pair; `seconds` is what this and the pairs to come will take."""
    until = f"  [dim]the comparison ends about {now + timedelta(seconds=seconds):%H:%M}[/]" if seconds else ""
    place = Place(pair.seed, pair.fold, pair.without)
    return f"[bold]pair {number_} of {pairs}[/]  {escape(place.words)}: {pair.run} beside {pair.reference}{until}"


def summary(content: Json) -> Group:
    """Return everything to say of a comparison, in 80 columns."""
    parts: list[RenderableType] = [Text(SYNTHETIC, style="bold yellow")] if content.get("synthetic") else []
    for part in (OWN, ELSEWHERE):
        if found := mapping(mapping(content.get("results")).get(part)):
            parts.append(_table(content, found, part))
            parts += [Text(sentence) for sentence in part_sentences(content, found, part)]
    parts += [Text(str(each), style="yellow") for each in sequence(content.get("unpaired"))]
    return Group(*parts)


def _table(content: Json, found: Json, part: str) -> Table:
    """Return slices and patients, over all and by class, then each hospital; what it takes in the last column."""
    groups = f"{group_noun(found)}s"
    of, other = str(content.get("of")), str(content.get("with"))
    title = f"{TITLES[part]}\n{of} (this) beside {other} (other)"
    table = table_of(title, "", (groups, "this", "other", "points", f"{groups} needed"))
    for body, name in ((found.get("slices"), "slices"), (found.get("patients"), groups)):
        table.add_row(name, *_cells(mapping(body)))
        for label, own in mapping(mapping(body).get("per_class")).items():
            if number(mapping(own).get("cases")):
                table.add_row(f"  {label}", *_cells(mapping(own)))
        table.add_section()
    for name, each in mapping(found.get("per_hospital")).items():
        table.add_row(escape(name), *_cells(mapping(mapping(each).get("slices"))))
    return table


def _cells(row: Json) -> Iterator[str]:
    needed, behind, ends = number(row.get("groups_needed")), number(row.get("groups")), interval(row.get("interval"))
    yield NOTHING if behind is None else f"{round(behind):,}"
    for key in ("accuracy", "reference_accuracy"):
        value = number(row.get(key))
        yield NOTHING if value is None else f"{100 * value:.1f}"
    difference = number(row.get("difference"))
    yield NOTHING if difference is None or ends is None else f"{100 * difference:+.1f} ({interval_points(ends)})"
    yield NOTHING if needed is None else about(needed)
