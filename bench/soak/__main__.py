"""``python -m bench.soak --hours N``: a real federation, disturbed for hours; exit code 1 if it does not stand it.

Centre, three hospitals and a stranger each have a network namespace; the disks of centre and hospitals are small. Run
follows run (ResNet18, 32 px), and into each fall one or two events of a list, drawn from ``--seed``: processes are
killed, lines cut or slowed, disks filled, clocks set wrong, strangers flood the port, a hospital lies. Of each run is
asked whether it completed, whether its weights are those of an undisturbed simulation wherever nobody was left out, and
whether everybody who was left out is named with a reason; of all together, whether memory, open files and disk stay.

Needs Linux and root (namespaces, small file systems). An outage takes 150 s. Nothing stays behind, whatever ends it.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from bench.soak import kills, lines, misconduct, strangers
from bench.soak.event import EVENTS
from bench.soak.schedule import STRATEGIES, schedule
from bench.soak.screen import Screen, table
from bench.soak.stage import stage
from bench.soak.trial import perform
from bench.soak.verdicts import FAILED, Row, Trial, outcome, peaks, resources
from bench.soak.watch import Quiet, Watch
from common import cli
from tests.deployment.harness import KEYS

_WHERE_EVENTS_ARE = (kills, lines, misconduct, strangers)
_WIDTH = 200  # of the table in a file


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command("bench.soak", "Disturb a real federation for hours, and see whether it stands it.")
    command.add_argument("--hours", type=float, default=1.0, help="0.25 is a quarter of an hour (default: 1)")
    command.add_argument("--seed", type=int, default=1, help="of the events (default: 1)")
    command.add_argument("--rounds", type=int, default=3, help="of each run (default: 3)")
    command.add_argument("--only", nargs="+", metavar="EVENT", help="these events alone, by a part of their names")
    command.add_argument("--out", type=Path, help="write everything that was seen to this JSON file")
    command.add_argument("--list", action="store_true", help="list the events, and the first hour's schedule")
    command.add_argument(
        "--folder", type=Path, help="work in a new folder of this name, and leave screens and logs there"
    )
    return command


class Soak:
    """What was seen so far."""

    def __init__(self, events: Sequence[str]) -> None:
        self.events = {name: EVENTS[name].expected for name in events}
        self.trials: list[Trial] = []
        self.looks: list[Quiet] = []
        self.calm: dict[str, float] = {}
        self.seen: dict[str, float] = {}

    def rows(self) -> list[Row]:
        """Judge it."""
        looks = self.looks
        left = [text for look in looks for text in look.leftovers]
        files = [{name: float(count) for name, count in look.files.items()} for look in looks]
        temporary = [float(look.temporary) for look in looks]
        judged = resources([look.memory for look in looks], files, [look.disk for look in looks], temporary, left)
        return [*outcome(self.trials, self.events), *judged, peaks(self.calm, self.seen)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 it stood it, 1 it did not, 2 it could not be tried here."""
    return cli.run(soak, parser(), arguments)


def soak(given: argparse.Namespace) -> int:
    """Build, disturb, judge."""
    events = [name for name in EVENTS if not given.only or any(part in name for part in given.only)]
    if not events:
        parser().error(f"no event's name holds {' or '.join(given.only)}; --list shows them")
    if given.list:
        return _list(events, given)
    console, seen = Console(highlight=False), Soak(events)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # torn down like Ctrl-C
    try:
        with _folder(given.folder) as folder:
            if not _disturb(folder, given, seen, console):
                print("error: network namespaces and small file systems cannot be made here; be root.", file=sys.stderr)
                return 2
    finally:
        if seen.trials:
            rows = seen.rows()
            console.print(table(rows))
            _write(given, seen, rows)
    return int(any(row.verdict == FAILED for row in rows))


def _disturb(folder: Path, given: argparse.Namespace, seen: Soak, console: Console) -> bool:
    """Run after run until the time is up; False where this cannot be done here."""
    began, seconds = time.monotonic(), given.hours * 3600
    with Screen(console, seconds) as screen, stage(folder, given.rounds) as built:
        if built is None:
            return False
        for strategy in STRATEGIES:
            screen.say(f"the undisturbed simulation, {strategy}")
            built.reference(strategy)
        screen.say("starting centre and hospitals")
        built.mend()
        with Watch(built) as watch:
            for plan in schedule(given.seed, list(seen.events), KEYS, given.rounds):
                if seen.trials and time.monotonic() - began > seconds:
                    break
                screen.planned(plan)
                watch.forget_peaks()
                trial = perform(built, plan, screen.say)
                seen.trials.append(trial)
                _add_peaks(seen, watch, calm=not plan.steps)
                seen.looks.append(watch.quiet((time.monotonic() - began) / 60))
                screen.done(trial)
    return True


def _add_peaks(seen: Soak, watch: Watch, calm: bool) -> None:
    largest = seen.calm if calm else seen.seen
    for kind, size in watch.peaks.items():
        largest[kind] = max(largest.get(kind, 0.0), size)


@contextlib.contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """Give a folder that goes afterwards, unless it was named."""
    if given:
        given.mkdir(parents=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        yield Path(name)


def _list(events: Sequence[str], given: argparse.Namespace) -> int:
    for name in events:
        print(f"{name}: {EVENTS[name].expected}")
    for plan in schedule(given.seed, events, KEYS, given.rounds):
        print(f"run {plan.number}, {plan.strategy}: {', '.join(step.event for step in plan.steps) or 'undisturbed'}")
        if plan.number == 20:
            break
    return 0


def _write(given: argparse.Namespace, seen: Soak, rows: Sequence[Row]) -> None:
    if given.out:
        content = {
            "seed": given.seed,
            "hours": given.hours,
            "rounds": given.rounds,
            "rows": rows,
            "runs": seen.trials,
            "looks": seen.looks,
            "peaks": {"undisturbed": seen.calm, "disturbed": seen.seen},
        }
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1))


if __name__ == "__main__":
    sys.exit(main())
