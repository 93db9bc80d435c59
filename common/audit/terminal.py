"""The audit's report as a person reads it in a terminal."""

from collections.abc import Iterator, Mapping

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from common.audit.report import AuditReport, Finding
from common.data.identity.patients import TOLD_BY, Part
from common.text import counted, printable

MOST_FILES = 10
"""File names shown for each finding; the JSON report has all of them."""

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def render(
    report: AuditReport,
    split: Mapping[str, Mapping[str, int]],
    patients: Mapping[Part, int],
    name: str,
    console: Console,
    gap: int = 0,
) -> None:
    """Print a hospital's audit.

    Parameters
    ----------
    split : mapping
        Slices by part and class, as `common.data.split.Split.counts` returns them.
    patients : mapping
        Patients by part.
    gap : int
        Usable slices in no part.
    """
    console.print(_heading(report, name))
    console.print(_counts(report, split))
    console.print(_patients(report, patients))
    if gap:
        console.print(Text(f"{counted(gap, 'slice')} near those of the tested fold in no part.\n"))
    for finding in report.findings:
        console.print(_finding(finding))
    console.print(_verdict(report))


def _heading(report: AuditReport, name: str) -> Text:
    found = sum(report.found.values())
    return Text.assemble(
        (name, "bold"),
        f"  {counted(report.total, 'usable slice')} in {counted(found, 'file')}, "
        f"{counted(report.group_count, 'group')} of related slices\n",
        (printable(report.folder), "dim"),
    )


def _counts(report: AuditReport, split: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table(show_footer=True)
    table.add_column("class", "all")
    columns = [report.found, report.counts, *split.values()]
    for title, column in zip(["files", "usable", *split], columns, strict=True):
        table.add_column(title, f"{sum(column.values()):,}", justify="right")
    for class_name in report.counts:
        table.add_row(class_name, *(f"{column.get(class_name, 0):,}" for column in columns))
    return table


def _patients(report: AuditReport, patients: Mapping[Part, int]) -> Text:
    parts = ", ".join(f"{part} {count:,}" for part, count in patients.items())
    style = "yellow" if report.patient_source == "guessed" else ""
    return Text(f"{counted(report.patient_count, 'patient')} ({parts}), {TOLD_BY[report.patient_source]}.\n", style)


def _finding(finding: Finding) -> RenderableType:
    style = _STYLES[finding.severity]
    heading = Text.assemble((f"{finding.severity:<8}", style), (f"{finding.code}  ", "bold"), (finding.title, "bold"))
    lines = [Text(finding.sentence), *_names(finding)]
    return Group(heading, Padding(Group(*lines), (0, 0, 1, 8)))


def _names(finding: Finding) -> Iterator[Text]:
    for file in finding.files[:MOST_FILES]:
        yield Text(f"· {printable(file)}", style="dim", overflow="fold")
    more = len(finding.files) - MOST_FILES
    if more > 0:
        yield Text(f"  and {more:,} more", style="dim")


def _verdict(report: AuditReport) -> Text:
    number = {severity: sum(f.severity == severity for f in report.findings) for severity in _STYLES}
    nouns = {"error": "error", "warning": "warning", "info": "note"}
    said = ", ".join(counted(number[severity], noun) for severity, noun in nouns.items())
    if number["error"]:
        return Text(f"{said}: the slices named above stay out of training until a person has settled the errors.")
    return Text(f"{said}: ready to train.")
