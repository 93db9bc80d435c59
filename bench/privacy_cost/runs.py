"""The runs of the table: what is done is found by its settings, what stopped goes on, the rest runs."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from common.study.records import Cell
from server.study.arguments import resume_arguments, run_arguments
from server.study.grid import PlannedCell
from server.study.known_runs import KnownRun, KnownRuns


def found(output_dir: Path, cells: Sequence[PlannedCell]) -> dict[Cell, KnownRun]:
    """Return the best run of each cell that has one."""
    return KnownRuns(output_dir).of(cells)


def conduct(output_dir: Path, cells: Sequence[PlannedCell], side_by_side: int, log: Path) -> Iterator[tuple[Cell, int]]:
    """Run what is not completed; yield each cell with its exit code as it ends.

    Parameters
    ----------
    side_by_side : int
        Runs at a time, each with one thread.
    log : Path
        Takes what the runs print.
    """
    known = found(output_dir, cells)
    todo = [each for each in cells if each.cell not in known or not known[each.cell].completed]
    with ThreadPoolExecutor(side_by_side) as pool, log.open("a") as said:
        started = {pool.submit(_simulate, _arguments(each, known.get(each.cell)), said.fileno()): each for each in todo}
        try:
            for ended in as_completed(started):
                yield started[ended].cell, ended.result()
        except BaseException:  # Ctrl-C reached the runs as well: they write down how to go on
            pool.shutdown(cancel_futures=True)
            raise


def _arguments(each: PlannedCell, known: KnownRun | None) -> Callable[[], list[str]]:
    if known and known.resumable:
        return lambda: resume_arguments(each.settings, known.run.run_id)
    return lambda: run_arguments(each.settings)


def _simulate(arguments: Callable[[], list[str]], output: int) -> int:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "server.simulate", *arguments()]
    return subprocess.run(command, stdout=output, stderr=output, env=environment, check=False).returncode
