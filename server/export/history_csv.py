"""``history.csv``: one row for each round and hospital, every figure in a column that says its unit."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from common.text import counted, spreadsheet_cell
from server.export.figures import UNITS, points_of
from server.export.output import write_export
from server.export.subject import ExportedRun, Subject

_ABOUT = ("run", "strategy", "seed", "without", "synthetic", "round", "hospital")


def export(subject: Subject, place: Path) -> list[str]:
    """Write the rounds of a run, or of all of a study's runs, to a file.

    Raises
    ------
    InputError
        ``EXPORT004``.
    """
    rows = [row for each in subject.runs for row in _rows(each)]
    write_export(place, table([*_ABOUT, *(f"{name} ({unit})" for name, unit in UNITS.items())], rows))
    return [f"{place}: {counted(len(rows), 'row')}, one for each round and hospital."]


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """Return a CSV file (UTF-8); None is an empty cell, and no text is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    every: list[Sequence[object]] = [headings, *rows]
    for row in every:
        writer.writerow([spreadsheet_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return buffer.getvalue().encode()


def _rows(exported: ExportedRun) -> Iterator[list[object]]:
    run, without = exported.run, exported.cell.without if exported.cell else None
    about: list[object] = [run.run_id, run.strategy, run.meta.get("seed"), without, run.synthetic]
    for point in points_of(run):
        figures = (point.figures.get(name) for name in UNITS)
        yield [*about, point.round, point.hospital, *(_shortest(value) for value in figures)]


def _shortest(value: float | None) -> float | int | None:
    """Write a whole number, such as of bytes, as one."""
    return int(value) if value is not None and value.is_integer() else value
