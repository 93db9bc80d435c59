"""What a person sees of a study: a line before each run, and at the end the table and the answers."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common.artifacts.words import NOTHING, interval_text
from common.metrics.fairness import exclusive_classes
from common.study import answers, site, uncertainty
from common.study.figures import over_seeds
from common.study.headline import headline
from common.study.records import CellResult, Study
from common.study.statistics import ACCURACY, MEASURES, Estimate, Measure, many, points


def cell_line(
    result: CellResult, number: int, study: Study, seconds: float | None, now: datetime, testing: bool = False
) -> str:
    """Return the line before a run: which of how many, and when the study will have ended.

    Parameters
    ----------
    result : CellResult
        The cell that begins; one that was interrupted goes on with its run.
    number : int
        From 1, in the order of the grid.
    seconds : float or None
        What this and the cells to come will take; None if nothing has been measured yet.
    now : datetime
        With zone.
    testing : bool
        Whether its run is done, and its model is tested at the hospital that was left out.
    """
    until = "no run has been measured yet"
    if seconds is not None:
        end = (now + timedelta(seconds=seconds)).astimezone()
        day = "" if end.date() == now.astimezone().date() else f"{end:%Y-%m-%d} "
        until = f"the study ends about {day}{end:%H:%M}"
    going_on = f", going on with {result.run_id}" if result.run_id else ""
    if testing:
        going_on = f", {result.run_id} is tested at {escape(result.cell.without or '')}"
    title = f"{escape(uncertainty.title(result))}{going_on}"
    return f"[bold]cell {number} of {len(study.planned)}[/]  {title}  [dim]{until}[/]"


def results_table(study: Study) -> Table:
    """Return the study's table: mean over seeds with its interval below; then differences, paired by seed."""
    pairs = answers.comparisons(study)
    of = f"all {many(study.folds, 'fold')} together, " if study.folds else ""
    title = f"{study.name}: percent, {of}mean over seeds, 95 % interval; differences in points, "
    table = table_of(title + ("fold by fold" if study.folds else "seed by seed"), study.strategies, pairs)
    for measure in MEASURES:
        rows = list(_rows(study, measure, pairs))
        if rows:
            table.add_section()
            table.add_row(f"[bold]{measure.title}[/]")
        for row in rows:
            table.add_row(*row)
    return table


def table_of(title: str, strategies: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Table:
    """Return an empty table with a column for each strategy and for each difference."""
    table = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("hospital", overflow="fold", min_width=max(len(measure.title) for measure in MEASURES))
    for heading in (*strategies, *(f"{subject} - {reference}" for subject, reference in pairs)):
        table.add_column(heading, justify="right")
    return table


def _rows(study: Study, measure: Measure, pairs: list[tuple[str, str]]) -> Iterator[list[str]]:
    for hospital in (*study.hospitals, None):
        places = study.hospitals if hospital is None else (hospital,)
        found = [over_seeds(study, strategy, measure, places) for strategy in study.strategies]
        if any(found):
            compared = [answers.difference(study, *pair, measure, hospital).estimate for pair in pairs]
            name = escape(hospital) if hospital else "all hospitals"
            yield [name, *map(share_cell, found), *map(difference_cell, compared)]


def share_cell(found: Estimate | None) -> str:
    """Write a mean with its interval below."""
    if found is None:
        return NOTHING
    ends = f"\n[dim]{interval_text(found.interval)}[/]" if found.interval else ""
    return f"{100 * found.mean:.1f}{ends}"


def difference_cell(found: Estimate | None) -> str:
    """Write a difference in points with its interval below."""
    if found is None:
        return NOTHING
    ends = f"\n[dim]{points(found.interval[0])}..{points(found.interval[1])}[/]" if found.interval else ""
    return f"{points(found.mean)}{ends}"


def say_answers(console: Console, study: Study) -> None:
    """Print the headline, the three questions with their answers, what each hospital brings, and site or disease."""
    if said := headline(study):
        console.print(f"\n[bold]{escape(said)}[/]", highlight=False)
    for answer in answers.answers(study):
        console.print(f"\n[bold]{answer.question}[/]", highlight=False)
        console.print(escape(answer.headline), highlight=False)
        for line in answer.lines:
            console.print(f"[dim]-[/] {escape(line)}", highlight=False)
    brought = [each for each in answers.contributions(study, (ACCURACY,)) if each.on is None]
    if brought:
        console.print("\n[bold]What does each hospital bring to the others?[/]", highlight=False)
    for each in brought:
        console.print(f"[dim]-[/] With {escape(each.hospital)} the others are {each.verdict.words}.", highlight=False)
    for line in site_lines(study):
        console.print(line, highlight=False)


def site_lines(study: Study) -> Iterator[str]:
    """Yield, for each class that one hospital alone holds, what the federated strategy knows of it."""
    for label, hospital in exclusive_classes(study.class_counts):
        found = site.over_seeds(study, study.federated or "", label, hospital)
        apart, own, other = found["told_apart"], found["own_others"], found["elsewhere"]
        if apart is None or own is None or other is None:
            continue
        yield f"\n[bold]Site or disease: {label} is held by {escape(hospital)} alone[/]"
        yield (
            f"[dim]-[/] {study.federated} calls {100 * own.mean:.1f} % of that hospital's other slices {label}, and "
            f"{100 * other.mean:.1f} % of the other hospitals'."
        )
        yield (
            f"[dim]-[/] Told apart where the site is the same: {100 * apart.mean:.1f} points (recall minus that). "
            "The site alone would give 0, the class 100."
        )
