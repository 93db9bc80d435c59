"""``python -m clients.preflight --config hospital.yaml``: can this hospital take part? Nothing is sent but a knock."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import common.quiet  # noqa: F401  (before the first import of flwr)
from clients.checks import (
    address,
    clock,
    dataset,
    disk,
    fingerprint_key,
    gpu,
    key,
    labels,
    memory,
    round_time,
    tls,
    versions,
)
from clients.checks.outcome import Check, Outcome, Situation
from clients.site import SiteFile, add_site_flags, site_from
from common.config.settings import DataPlan, TrainPlan
from common.config.strategies import StrategySettings
from common.errors import InputError, ProjectError

_MODULES = (address, tls, clock, key, versions, labels, disk, memory, gpu, dataset, round_time, fingerprint_key)
CHECKS: tuple[Check, ...] = tuple(module.CHECK for module in _MODULES)
_COLOURS = {"ok": "green", "warning": "yellow", "failed": "bold red", "skipped": "dim"}


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = argparse.ArgumentParser(
        prog="python -m clients.preflight",
        description="Look whether this hospital can take part. Exit codes: 0 it can; 2 something is to be done.",
    )
    add_site_flags(command)
    command.add_argument("--insecure", action="store_true", help="as of python -m clients.join")
    command.add_argument("--image-size", type=int, default=DataPlan().image_size, help="pixels (default: %(default)s)")
    command.add_argument(
        "--deadline", type=float, default=StrategySettings().timeout_seconds, help="of a round, seconds"
    )
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        0 the hospital can take part, 2 something is to be done.
    """
    given = parser().parse_args(arguments)
    try:
        require_ready(site_from(given), Console(highlight=False), given.insecure, given.image_size, given.deadline)
    except ProjectError as error:
        print(f"error {error}", file=sys.stderr)
        return error.exit_code
    return 0


def require_ready(
    site: SiteFile,
    console: Console,
    insecure: bool,
    image_size: int = DataPlan().image_size,
    deadline: float = StrategySettings().timeout_seconds,
) -> None:
    """Run every check, show what it found, and refuse to go on where one failed.

    Raises
    ------
    InputError
        ``JOIN004`` with the codes of what failed.
    """
    outcomes = look(Situation(site, insecure, DataPlan(image_size=image_size), TrainPlan(), deadline))
    console.print(as_table(site.hospital.name, outcomes))
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    if failed:
        codes = ", ".join(outcome.code for outcome in failed)
        raise InputError("JOIN004", f"{site.hospital.name} cannot take part yet ({codes}); the table says what to do.")
    console.print(f"{site.hospital.name} can take part.")


def look(situation: Situation, checks: Sequence[Check] = CHECKS) -> list[Outcome]:
    """Run checks in order; a later one may use what an earlier one found."""
    return [check.run(situation) for check in checks]


def as_table(name: str, outcomes: Sequence[Outcome]) -> Table:
    """Return what to show."""
    table = Table(title=f"Preflight of {name}", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("code", "check", "", "found"):
        table.add_column(heading, no_wrap=heading != "found", overflow="fold")
    for outcome in outcomes:
        colour = _COLOURS[outcome.state]
        table.add_row(outcome.code, outcome.title, f"[{colour}]{outcome.state}[/]", outcome.sentence)
    return table


if __name__ == "__main__":
    sys.exit(main())
