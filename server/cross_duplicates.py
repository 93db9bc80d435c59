"""``python -m server.cross_duplicates a.json b.json --out folder``: which slices two hospitals both hold, by index.

The centre needs the hospitals' fingerprints (`python -m clients.fingerprints`) and nothing else: no key, no image.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from common import cli
from common.errors import InputError
from common.files import read_text, why, write_text
from common.overlap.fingerprints import Fingerprints
from common.overlap.matching import Matches, cross_match, match_lists
from common.overlap.patients import shared_patients
from common.text import plain

_MOST_BYTES = 2_000_000_000  # of a hospital's fingerprints, some 4 kB for each slice


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "server.cross_duplicates", "Find slices that several hospitals hold, from their keyed fingerprints."
    )
    command.add_argument("files", type=Path, nargs="+", help="the hospitals' fingerprints, one file each")
    command.add_argument("--out", type=Path, help="folder for each hospital's list of matches, by index")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 compared, whatever was found; 1 a list cannot be written; 2 the files are wrong."""
    return cli.run(compare, parser(), arguments)


def compare(given: argparse.Namespace) -> None:
    """Compare every two hospitals, show how much they share, and write the lists when asked to."""
    console = Console(highlight=False)
    hospitals = _read_all(given.files)
    found = {(a, b): cross_match(hospitals[a], hospitals[b]) for a, b in combinations(range(len(hospitals)), 2)}
    console.print(as_table(hospitals, found))
    if given.out:
        _write_lists(given.out, hospitals, found, console)


def as_table(hospitals: Sequence[Fingerprints], found: dict[tuple[int, int], Matches]) -> Table:
    """Return a row for each pair of hospitals."""
    table = Table(title="Slices that two hospitals both hold", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("hospital", "other hospital"):
        table.add_column(heading)
    for heading in ("slices compared", "held by both", "pairs", "patients known to both"):
        table.add_column(heading, justify="right")
    for (a, b), matches in found.items():
        one, other = hospitals[a], hospitals[b]
        patients = f"{len(shared_patients(one.patients, other.patients)):,}"
        both = f"{len(np.unique(matches.first)):,} / {len(np.unique(matches.second)):,}"
        table.add_row(
            plain(one.name), plain(other.name), f"{len(one):,} / {len(other):,}", both, f"{len(matches):,}", patients
        )
    return table


def _read_all(files: Sequence[Path]) -> list[Fingerprints]:
    if len(files) < 2:
        raise InputError("DUP004", "One hospital has nobody to be compared with; give the files of two or more.")
    hospitals: list[Fingerprints] = []
    for file in files:
        try:
            text = read_text(file, _MOST_BYTES)
        except (OSError, UnicodeDecodeError) as error:
            raise InputError("DUP001", f"{file} cannot be read ({getattr(error, 'strerror', 'no text')}).") from None
        read = Fingerprints.from_json(text, str(file))
        if read.hospital in [other.hospital for other in hospitals]:
            raise InputError("DUP004", f"{file} is a second file of '{read.hospital}'; give one file a hospital.")
        hospitals.append(read)
    return hospitals


def _write_lists(
    folder: Path, hospitals: Sequence[Fingerprints], found: dict[tuple[int, int], Matches], console: Console
) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("DUP006", f"{folder} cannot be made ({why(error)}); choose another --out.") from None
    for matches in match_lists(hospitals, found):
        path = folder / f"{matches.hospital}.matches.json"
        write_text(path, matches.to_json())
        console.print(f"{path}: {len(matches.matches):,} matches, for that hospital", soft_wrap=True, markup=False)


if __name__ == "__main__":
    sys.exit(main())
