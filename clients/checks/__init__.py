"""What must be so before a hospital can take part; each check has a stable code. Importing this brings PyTorch."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from clients.checks import data, machine, network
from clients.checks.outcome import Check, Outcome, Situation
from clients.site import SiteFile
from common.config.settings import DataPlan, TrainPlan
from common.config.strategies import StrategySettings
from common.errors import InputError

CHECKS: tuple[Check, ...] = (*network.CHECKS, *machine.CHECKS, *data.CHECKS)
_COLOURS = {"ok": "green", "warning": "yellow", "failed": "bold red", "skipped": "dim"}


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
    failed = ", ".join(outcome.code for outcome in outcomes if outcome.state == "failed")
    if failed:
        raise InputError("JOIN004", f"{site.hospital.name} cannot take part yet ({failed}); the table says what to do.")
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
