"""A figure of a dossier: a table that becomes a CSV file, and the drawing of it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

SYNTHETIC = "SYNTHETIC"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet would take a name for a formula

Value = str | int | float | None


@dataclass(frozen=True)
class Figure:
    """One figure with what it shows in numbers."""

    name: str
    """Of its two files."""
    title: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    svg: bytes


def csv_file(figure: Figure, *, synthetic: bool) -> bytes:
    """Return the numbers behind a figure: every digit, an empty cell for what is not known, UTF-8.

    The last column says of each row whether its slices are drawn.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*figure.columns, "slices"])
    for row in figure.rows:
        writer.writerow([*map(cell, row), SYNTHETIC if synthetic else "hospitals"])
    return text.getvalue().encode()


def cell(value: Value) -> str:
    """Write a value so that every digit stays and no spreadsheet takes a text for a formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        line = " ".join(value.split())
        return f"'{line}" if line.startswith(_FORMULA) else line
    return repr(value)
