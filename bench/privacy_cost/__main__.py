"""What does privacy cost? ``python -m bench.privacy_cost --data-root /data/mri --out /data/cost [setting=value ...]``.

Each row of the table is a budget, each run a real ``python -m server.simulate`` with it. Runs stay below ``--out``, and
the same command goes on where it was stopped; what is printed comes from their files alone. Accuracy is that on the
test slices, with a 95 % interval over seeds (Student's t).
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bench.privacy_cost.grid import Given, plan, rows_of
from bench.privacy_cost.runs import conduct, found
from bench.privacy_cost.table import markdown
from common import cli
from common.config.settings import PARTS
from common.errors import RunError
from common.files import absolute

T = TypeVar("T")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    return cli.run(run, parser(), arguments)


def run(given: argparse.Namespace) -> None:
    """Run what is lacking and print the table.

    Raises
    ------
    RunError
        ``BENCH001`` where a run failed; the table is printed all the same.
    """
    rows = rows_of(given.parts, given.epsilons, given.views)
    planned = plan(rows, given.seeds, _settings(given))
    cells, failed = [each for _, each in planned], 0
    titles = {each.cell: f"{row.title}, epsilon {row.budget}, seed {each.cell.seed}" for row, each in planned}
    given.out.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True, highlight=False)
    with _progress(console) as progress:
        known = found(given.out, cells)
        done = sum(each.cell in known and known[each.cell].completed for each in cells)
        bar = progress.add_task("runs", total=len(cells), completed=done)
        for cell, code in () if given.only_table else conduct(given.out, cells, given.side_by_side, given.out / "said"):
            failed += code != 0
            console.print(f"{titles[cell]}: {'done' if code == 0 else f'ended with exit code {code}'}")
            progress.advance(bar)
    print(markdown(rows, given.seeds, found(given.out, cells)))
    if failed:
        raise RunError("BENCH001", f"{failed} runs failed; {given.out / 'said'} holds what they said.")


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "bench.privacy_cost",
        "Measure accuracy and seconds by privacy budget, and print the table of docs/differential_privacy.md.",
        "Settings are those of python -m server.simulate; they hold for every run: rounds=15 data.image_size=64.",
    )
    command.add_argument("--data-root", type=absolute, required=True, help="holds the hospitals' folders")
    command.add_argument("--out", type=absolute, required=True, help="takes the runs; the same folder goes on")
    command.add_argument("--image-size", type=int, default=64, help="pixels (64)")
    command.add_argument("--rounds", type=int, default=15, help="of each run (15)")
    command.add_argument("--seeds", type=_list_of(int), default=[42, 43, 44], help="(42,43,44)")
    budgets = [1.0, 3.0, 8.0, 50.0, 1000.0, None]
    command.add_argument("--epsilons", type=_list_of(_epsilon), default=budgets, help="(1,3,8,50,1000,none)")
    command.add_argument("--parts", type=_list_of(_part), default=PARTS, help="of the network (everything,head,last)")
    command.add_argument("--views", type=_list_of(int), default=[1], help="augmented copies of a slice (1)")
    command.add_argument("--side-by-side", type=int, default=1, help="runs at a time, of one thread each (1)")
    command.add_argument("--private", type=str.split, default=[], help="settings of runs with a budget, in one word")
    command.add_argument("--plain", type=str.split, default=[], help="settings of runs without one, in one word")
    command.add_argument("--head", type=str.split, default=[], help="settings of runs that train a part, in one word")
    command.add_argument("--only-table", action="store_true", help="run nothing, print what is there")
    command.add_argument("overrides", nargs="*", help="setting=value ...")
    return command


def _settings(given: argparse.Namespace) -> Given:
    places = [f"data.root='{given.data_root}'", f"data.cache_dir='{given.out / 'cache'}'", f"output_dir='{given.out}'"]
    compute = ["compute.engine=inprocess", "compute.threads=1"]
    size = [f"data.image_size={given.image_size}", f"rounds={given.rounds}"]
    return Given([*places, *compute, *size, *given.overrides], given.private, given.plain, given.head)


def _list_of(kind: Callable[[str], T]) -> Callable[[str], list[T]]:
    def values(text: str) -> list[T]:
        return [kind(item) for item in text.split(",")]

    return values


def _part(text: str) -> str:
    if text not in PARTS:
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(PARTS)}")
    return text


def _epsilon(text: str) -> float | None:
    return None if text == "none" else float(text)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True)


if __name__ == "__main__":
    sys.exit(main())
