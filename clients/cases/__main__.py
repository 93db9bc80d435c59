"""``python -m clients.cases --config hospital.yaml``: what a run's model took this hospital's test slices for.

It runs on the hospital's machine alone and sends nothing; file names are shown here and nowhere else.
"""

import argparse
import csv
import io
import sys
import webbrowser
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console

from clients.cases.table import CaseTable, choose, read_table, tables_of
from clients.site import Site, read_site
from common import cli, files
from common.config.settings import DataSettings
from common.errors import InputError
from common.files import absolute
from common.text import counted, printable, spreadsheet_cell

PAGE = "cases.html"


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "clients.cases",
        "List a run's test cases at this hospital, the most confidently wrong first. They are kept where hospital.yaml "
        "sets keep_cases: true (data.keep_cases=true in a simulation), and are sent nowhere.",
    )
    who = command.add_mutually_exclusive_group(required=True)
    who.add_argument("--config", type=Path, help="this hospital's settings file, hospital.yaml")
    who.add_argument("--hospital", help="a simulated hospital: the name of a file under conf/hospital/")
    command.add_argument("--data-root", type=absolute, help="folder that holds the hospital's folder")
    command.add_argument("--cache-dir", type=absolute, help="folder for decoded slices, where runs keep their cases")
    command.add_argument("--run", default="", help="the beginning of a run's token (default: the newest run)")
    command.add_argument("--most", type=_count, default=20, help="cases to show (default: %(default)s)")
    command.add_argument("--csv", type=Path, help="write all cases to this file, readable by its owner only")
    command.add_argument("--open", action="store_true", help="show them in the browser, with Grad-CAM")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 2 nothing is kept or a place cannot be written."""
    return cli.run(show_cases, parser(), arguments)


def show_cases(given: argparse.Namespace) -> None:
    """Print the worst cases, and write what was asked for.

    Raises
    ------
    InputError
        ``CASES001`` nothing is kept, ``CASES002`` it is damaged, ``CASES003`` a file cannot be written; else as
        `read_site`.
    """
    from clients.cases.terminal import render

    site, console = _site(given), Console(highlight=False)
    tables = tables_of(site.cache_dir, site.hospital.key)
    path = choose(tables, given.run, site.cache_dir)
    table, token = read_table(path), path.parts[-3]
    console.print(render(table, token, given.most))
    if others := [f"{other[:8]} ({_when(path)})" for other, path in tables.items() if other != token]:
        console.print(f"Other runs, for --run: {', '.join(others[:10])}", soft_wrap=True)
    if given.csv:
        _write(given.csv.absolute(), _csv(table), "--csv FILE")
        console.print(f"{counted(len(table.cases), 'case')} written to {given.csv}; it names files, so keep it here.")
    if given.open:
        _open(path.with_name(PAGE), table, token, given.most, site)


def _site(given: argparse.Namespace) -> Site:
    if given.config:
        return read_site(given.config, {"data_root": given.data_root, "cache_dir": given.cache_dir}).site()
    from common.config.hydra import load_hospitals  # a while, and only here

    usual = DataSettings()
    root, cache = given.data_root or absolute(usual.root), given.cache_dir or absolute(usual.cache_dir)
    (hospital,) = load_hospitals([given.hospital], fewest=1)
    return Site(hospital, root, cache)


def _open(path: Path, table: CaseTable, token: str, most: int, site: Site) -> None:
    """Write the page beside the table, where it goes with the run's other files, and show it."""
    from clients.cases.page import page_of
    from clients.cases.pictures import picture_of

    page = page_of(table, token, most, lambda case: picture_of(site.folder, case))
    _write(path, page.encode(), "--cache-dir")
    print(f"{path} shows them; it holds slices, so keep it here.")
    webbrowser.open(path.as_uri())


def _csv(table: CaseTable) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    shares = (f"probability of {name}" for name in table.classes)
    writer.writerow(["file", "slice", "patient", "true", "called", *shares])
    for case in table.cases:
        number = "" if case.frame is None else case.frame + 1
        name = spreadsheet_cell(printable(case.file))
        writer.writerow([name, number, case.patient, case.true, case.predicted, *case.probabilities])
    return buffer.getvalue().encode()


def _write(path: Path, content: bytes, flag: str) -> None:
    try:
        files.replace(path, content, mode=0o600)
    except (OSError, ValueError) as error:
        raise InputError(
            "CASES003", f"{path} cannot be written ({files.why(error)}); choose another place with {flag}."
        ) from None


def _when(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime).strftime("%Y-%m-%d %H:%M")


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("takes a whole number from 1 to 1000")
    return number


if __name__ == "__main__":
    sys.exit(main())
