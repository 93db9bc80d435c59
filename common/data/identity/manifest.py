"""Read a hospital's ``manifest.csv``: label, patient and more of each file. Nothing of it leaves the hospital.

What cannot be understood is refused with one sentence and nothing is guessed (``DATA030`` to ``DATA033``). What the
manifest says of files that are not there, or against their folders, the audit reports.
"""

import csv
import difflib
import io
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from common.data.identity import cells
from common.data.identity.patients import CaseFacts
from common.errors import InputError
from common.files import open_regular, why
from common.labels import CLASSES, normalise_folder
from common.text import listed, shown

NAMES = ("manifest.csv", "Manifest.csv", "MANIFEST.CSV")
NEEDED = ("file", "label", "patient")
OPTIONAL = ("sex", "age", "scanner", "field_strength", "sequence", "date")

_READERS: Mapping[str, Callable[[str], Any]] = {
    "sex": cells.sex,
    "age": cells.age,
    "field_strength": cells.field_strength,
    "date": cells.day,
}
_MOST_BYTES = 256_000_000
_LONGEST_HEADER = 10_000
_MOST_ROWS = 1_000_000
_FORMULA = ("=", "+", "@")


@dataclass(frozen=True, slots=True)
class Row:
    """What a manifest says of one file."""

    label: int | None
    """Index into `common.labels.CLASSES`; None leaves it to the folder."""
    facts: CaseFacts
    line: int
    """Where it ends in the file, from 1."""

    @property
    def says(self) -> tuple[int | None, CaseFacts]:
        """What it says, wherever it stands."""
        return self.label, self.facts


@dataclass(frozen=True)
class Manifest:
    """What ``manifest.csv`` says."""

    rows: Mapping[str, Row] = field(repr=False)
    """By the file's path below the hospital's folder, with ``/``."""
    repeated: tuple[str, ...] = ()
    """Files with two rows that say the same."""
    ignored: tuple[str, ...] = ()
    """Columns that mean nothing here."""
    missing: tuple[str, ...] = ()
    """Files that it names and that are not here, once `common.data.identity.labelling` has looked."""


def read_manifest(folder: Path, labels: Mapping[str, int]) -> Manifest | None:
    """Read and check the manifest in a hospital's folder; None where there is none.

    Parameters
    ----------
    labels : mapping of str to int
        The label of every name that is understood, as `common.data.scan.folder_labels` returns it.

    Raises
    ------
    InputError
        ``DATA030`` it cannot be read, ``DATA031`` its columns, ``DATA032`` a cell, ``DATA033`` two rows of one file
        that disagree.
    """
    path = next((folder / name for name in NAMES if (folder / name).exists()), None)
    if path is None:
        return None
    try:
        with open_regular(path) as file:
            if file.seek(0, io.SEEK_END) > _MOST_BYTES:
                raise InputError("DATA030", f"{path} has more than {_MOST_BYTES // 10**6} MB; no manifest is so large.")
            delimiter = _delimiter(file)
            lines = csv.reader(_lines(file, path), delimiter=delimiter, strict=True)
            return _read(lines, _header(next(lines, []), path), labels, path)
    except OSError as error:
        raise InputError("DATA030", f"{path} cannot be read ({why(error)}).") from None
    except csv.Error as error:
        raise InputError(
            "DATA030", f"{path} is no CSV file in line {lines.line_num} ({error}); save it as CSV again."
        ) from None


def two_rows(name: str, first: Row, second: Row) -> str:
    """Return the sentence for two rows of one file that disagree."""
    return (
        f'manifest.csv says two things of "{shown(name)}", in lines {first.line} and {second.line}; '
        "keep the line that is right."
    )


def _delimiter(file: BinaryIO) -> str:
    """Return what parts the columns: where a comma is the decimal point, spreadsheets write semicolons."""
    file.seek(0)
    first = file.readline(_LONGEST_HEADER)
    return ";" if first.count(b";") > first.count(b",") else ","


def _lines(file: BinaryIO, path: Path) -> Iterator[str]:
    """Yield the file's lines as text, one at a time, so that a long manifest needs no more memory than its rows."""
    file.seek(0)
    for number, line in enumerate(file, 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InputError("DATA030", f'{path} is not UTF-8 (line {number}); save it as "CSV UTF-8".') from None
        if "\0" in text:
            raise InputError("DATA030", f'{path} holds a NUL byte in line {number}; save it as "CSV UTF-8" again.')
        yield text


def _header(names: list[str], path: Path) -> list[str]:
    """Return the names of the columns, in small letters and with ``_`` for spaces."""
    header = ["_".join(name.casefold().split()) for name in names]
    if missing := [name for name in NEEDED if name not in header]:
        meant = difflib.get_close_matches(missing[0], [name for name in header if name not in OPTIONAL], 1)
        likely = f' (is "{shown(meant[0])}" meant?)' if meant else ""
        has = f"has no column {listed(missing)}{likely}"
        raise InputError("DATA031", f"{path} {has}; its first line must name file, label and patient.")
    if twice := [name for name in (*NEEDED, *OPTIONAL) if header.count(name) > 1]:
        raise InputError("DATA031", f"{path} has two columns {twice[0]}; keep one of them.")
    return header


def _read(lines: Any, header: list[str], labels: Mapping[str, int], path: Path) -> Manifest:
    """Read the rows; equal facts are one object, so that a patient's many slices cost little."""
    rows: dict[str, Row] = {}
    repeated: dict[str, None] = {}
    cells_of = _Cells(labels, path)
    for number, values in _values(lines, header, path):
        name = _file(values.pop("file"), number, path)
        row = cells_of.row(values, number)
        before = rows.setdefault(name, row)
        if before.says != row.says:
            raise InputError("DATA033", two_rows(name, before, row))
        if before is not row:
            repeated[name] = None
    return Manifest(rows, tuple(repeated), tuple(name for name in header if name not in (*NEEDED, *OPTIONAL)))


def _values(lines: Any, header: list[str], path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each line's number and its cells that are understood; empty lines are passed over."""
    known = [(place, name) for place, name in enumerate(header) if name in NEEDED or name in OPTIONAL]
    for count, line in enumerate(islice(lines, _MOST_ROWS + 1)):
        number = lines.line_num
        if count == _MOST_ROWS:
            raise InputError("DATA030", f"{path} has more than {_MOST_ROWS:,} rows; nobody can have so many slices.")
        if not any(line):
            continue
        if len(line) != len(header):
            raise InputError(
                "DATA030",
                f"{path} has {len(line)} columns in line {number} and {len(header)} in its first line; "
                "put a text that holds the separator in quotes.",
            )
        yield number, {name: line[place].strip() for place, name in known}


class _Cells:
    """Reads cells; what stood in a column before is not read again."""

    def __init__(self, labels: Mapping[str, int], path: Path) -> None:
        self._labels, self._path = labels, path
        self._seen: dict[tuple[str, ...], Row] = {}
        self._values: dict[tuple[str, str], Any] = {}

    def row(self, values: Mapping[str, str], number: int) -> Row:
        """Return what one row says of its file."""
        key = tuple(values.values())
        if (seen := self._seen.get(key)) is None:
            found = {name: self._value(name, text, number) for name, text in values.items()}
            seen = self._seen[key] = Row(found.pop("label"), CaseFacts(**found), number)
        return Row(seen.label, seen.facts, number)

    def _value(self, name: str, text: str, number: int) -> Any:
        if (name, text) not in self._values:
            _require_plain(name, text, number, self._path)
            try:
                self._values[name, text] = self._label(text) if name == "label" else _READERS.get(name, str)(text)
            except ValueError as error:
                _refuse(self._path, number, name, text, str(error))
        return self._values[name, text]

    def _label(self, text: str) -> int | None:
        label = self._labels.get(normalise_folder(text))
        if label is None and text:
            raise ValueError(f"label takes {', '.join(CLASSES)}, or a name of class_map")
        return label


def _require_plain(name: str, text: str, number: int, path: Path) -> None:
    if len(text) > cells.MOST_SIGNS:
        _refuse(path, number, name, text, f"a cell takes {cells.MOST_SIGNS} signs")
    if not text.isprintable():
        _refuse(path, number, name, text, "a cell takes one line of signs that can be printed")
    if text.startswith(_FORMULA):
        _refuse(path, number, name, text, "a cell takes a value, not a formula")


def _file(text: str, number: int, path: Path) -> str:
    name = unicodedata.normalize("NFC", text).replace("\\", "/").removeprefix("./")
    if not name or not name.isprintable():
        _refuse(path, number, "file", text, "file takes a path below the hospital's folder")
    return name


def _refuse(path: Path, number: int, column: str, text: str, takes: str) -> NoReturn:
    """Name the line and what may stand there; a patient's id is not repeated, for sentences are kept and sent."""
    value = "" if column == "patient" else f' "{shown(text, 60)}"'
    raise InputError("DATA032", f"{path} says {column}{value} in line {number}; {takes}.")
