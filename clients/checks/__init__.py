"""What must be so before a hospital can take part; each check has a stable code. Importing this brings PyTorch."""

import time
from collections.abc import Callable, Sequence
from functools import partial

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from clients.checks import data, machine, network
from clients.checks.outcome import Check, Outcome, Situation
from clients.site import SiteFile
from common.config.settings import DataPlan, TrainPlan
from common.config.strategies import StrategySettings
from common.errors import InputError

CHECKS: tuple[Check, ...] = (*network.CHECKS, *machine.CHECKS, *data.CHECKS)
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0  # seconds between two tries
_COLOURS = {"ok": "green", "warning": "yellow", "failed": "bold red", "skipped": "dim"}


def require_ready(
    site: SiteFile,
    console: Console,
    insecure: bool,
    image_size: int = DataPlan().image_size,
    deadline: float = StrategySettings().timeout_seconds,
    *,
    waits: bool = False,
) -> None:
    """Run every check, show what it found, and refuse to go on where one failed.

    Parameters
    ----------
    waits : bool
        Try again for as long as all that fails may pass by itself: the centre is away, or does not know the key yet.

    Raises
    ------
    InputError
        ``JOIN004`` with the codes of what failed.
    """
    plan = DataPlan(image_size=image_size)
    begin = partial(Situation, site, insecure, plan, TrainPlan(), deadline)
    situation, outcomes = _ask_centre(begin, console, waits)
    outcomes += look(situation, (*machine.CHECKS, *data.CHECKS))
    console.print(as_table(site.hospital.name, outcomes))
    failed = ", ".join(outcome.code for outcome in outcomes if outcome.state == "failed")
    if failed:
        raise InputError("JOIN004", f"{site.hospital.name} cannot take part yet ({failed}); the table says what to do.")
    console.print(f"{site.hospital.name} can take part.")


def _ask_centre(begin: Callable[[], Situation], console: Console, waits: bool) -> tuple[Situation, list[Outcome]]:
    """Look at the centre; where it `waits`, until something else fails than what may pass by itself, or nothing."""
    pause, said = _FIRST_PAUSE, ""
    while True:
        situation = begin()
        outcomes = look(situation, network.CHECKS)
        failed = [each for each in outcomes if each.state == "failed"]
        if not waits or not failed or any(each.code not in situation.may_pass for each in failed):
            return situation, outcomes
        again = f"{failed[0].code}: {failed[0].sentence} Trying again every {pause:.0f} s; Ctrl-C ends it."
        if again != said:
            console.print(again, markup=False)
        said = again
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


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
        table.add_row(outcome.code, outcome.title, f"[{colour}]{outcome.state}[/]", escape(outcome.sentence))
    return table
