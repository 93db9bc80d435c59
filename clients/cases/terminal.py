"""The worst test cases on the terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clients.cases.table import Case, CaseTable
from common.labels import SYNTHETIC
from common.text import counted, printable


def summary(table: CaseTable, token: str) -> str:
    """Say whose cases these are, of which model, and how many are wrong."""
    wrong = sum(case.wrong for case in table.cases)
    return (
        f"{table.hospital}, run {token[:8]}, tested {table.at[:16].replace('T', ' ')} with the model of round "
        f"{table.round} at {table.image_size} pixels, seed {table.seed}: {wrong:,} of "
        f"{counted(len(table.cases), 'test slice')} wrong."
    )


def render(table: CaseTable, token: str, most: int) -> RenderableType:
    """Return the worst cases as a table, with what must be known of them."""
    rows = Table("", "true", "called", "p(called)", "p(true)", "patient", "file", box=None, pad_edge=False)
    for column in (0, 3, 4, 5):
        rows.columns[column].justify = "right"
    for place, case in enumerate(table.cases[:most], start=1):
        style = "bold" if case.wrong else ""
        shares = (percent(case.confidence), percent(of_truth(case, table)))
        cells = (str(place), case.true, case.predicted, *shares, str(case.patient), file_name(case))
        rows.add_row(*(Text(cell, style) for cell in cells))
    rows.columns[-1].overflow = "fold"
    said = [summary(table, token), *caveats(table)]
    return Group(*map(Text, said), rows)


def caveats(table: CaseTable) -> list[str]:
    """Say what must be known before a case is believed."""
    guessed = "Patients are guessed from how alike slices are." if table.patient_source == "guessed" else None
    return [each for each in (SYNTHETIC if table.synthetic else None, guessed) if each]


def file_name(case: Case) -> str:
    """Write a case's file, and in a file of several slices which one, counted from 1."""
    return printable(case.file) + (f" (slice {case.frame + 1})" if case.frame is not None else "")


def of_truth(case: Case, table: CaseTable) -> float:
    """Return the probability that the true class got."""
    return case.probabilities[table.classes.index(case.true)]


def percent(share: float) -> str:
    """Write a fraction in percent."""
    return f"{100 * share:.1f} %"
