"""What a person sees of a study's new patients and new hospitals: a table and a few sentences each."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape

from common.study import answers
from common.study.headline import meaning, rests_on
from common.study.records import Study
from common.study.unseen import KINDS, UNSEEN, Unseen, unseen_difference
from server.study.terminal import difference_cell, share_cell, table_of


def say_unseen(console: Console, study: Study) -> None:
    """Print each question that the study can answer, the most honest first."""
    for kind, of in UNSEEN.items():
        found = [each for name in study.strategies if (each := of(study, name))]
        if found:
            _say(console, study, kind, found)


def _say(console: Console, study: Study, kind: str, found: Sequence[Unseen]) -> None:
    names = [each.strategy for each in found]
    pairs = [pair for pair in answers.comparisons(study) if set(pair) <= set(names)]
    table = table_of(f"{KINDS[kind]} Percent, 95 % interval", names, pairs)
    differences = [unseen_difference(study, kind, *pair) for pair in pairs]
    changes = [difference_cell(each.estimate) for each in differences]
    table.add_row("[bold]accuracy[/]", *(share_cell(each.accuracy) for each in found), *changes)
    for title, row in _rows(study, found):
        table.add_row(escape(title), *row)
    table.add_section()
    table.add_row("own split", *(share_cell(each.own_split) for each in found))
    console.print()
    console.print(table)
    compared = [f"{each.subject} minus {each.reference}: {each.words}." for each in differences]
    for line in (*compared, meaning(study, kind), rests_on(study, kind), *_left_out(found)):
        console.print(f"[dim]-[/] {escape(line)}", highlight=False)


def _rows(study: Study, found: Sequence[Unseen]) -> Iterator[tuple[str, list[str]]]:
    for name in study.hospitals:
        yield name, [share_cell(each.hospitals.get(name)) for each in found]
    for label in dict.fromkeys(label for each in found for label in each.recalls):
        yield f"recall {label}", [share_cell(each.recalls.get(label)) for each in found]


def _left_out(found: Sequence[Unseen]) -> Iterator[str]:
    if found[0].left_out:
        yield f"{found[0].left_out:,} slices of classes that no other hospital holds are left out."
