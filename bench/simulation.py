"""What a federation costs: ``python -m bench.simulation [--pixels 96] [--rounds 3] [--slices-per-class N]``.

Runs the real ``python -m server.simulate`` on synthetic hospitals, in both engines, and the same steps, evaluations
and averages in one plain PyTorch process with all the cores (`bench._plain`); they take turns. Compared are the rounds,
with everything that a run does between the first training and the test: recording, checkpoints, waiting. Start-up is
stated beside. Goal: 1.05 x plain PyTorch for rounds of a minute or longer.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench import _plain
from bench._blocks import median_ratio
from common.artifacts.layout import RunFolder
from common.phantoms.folders import make_phantoms
from common.training.device import available_cores

ROOT = Path(__file__).resolve().parents[1]
HOSPITALS = ["phantom_jaipur", "phantom_hyderabad", "phantom_kolkata"]
PLAIN = "plain PyTorch"
_GOAL_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_SMALLEST_DRAWN = 48  # pixels; the audit leaves out what is too small to be a slice


@dataclass(frozen=True)
class Timing:
    """One run.

    Attributes
    ----------
    start_seconds : float
        From the command to the first round.
    rounds_seconds : float
        From the first round's start to the test's.
    end_seconds : float
        From there to the process's end: the test, and leaving.
    round_seconds : list of float
        Of each round; a simulation's as ``training_history.json`` has them.
    steps : list of int
        Optimiser steps of each round.
    """

    start_seconds: float
    rounds_seconds: float
    end_seconds: float
    round_seconds: list[float]
    steps: list[int]


@dataclass(frozen=True)
class Bench:
    """The hospitals, and what is done with them.

    Attributes
    ----------
    folder : Path
        Holds ``slices/`` and ``cache/``; runs write below it.
    pixels, rounds, batch, cores : int
        As on the command line.
    """

    folder: Path
    pixels: int
    rounds: int
    batch: int
    cores: int

    def simulate(self, engine: str) -> Timing:
        """Run the whole simulation in a process of its own."""
        with tempfile.TemporaryDirectory(dir=self.folder) as output:
            command = [
                *("-m", "server.simulate", f"hospitals=[{','.join(HOSPITALS)}]", f"rounds={self.rounds}"),
                *(f"data.root={self.folder / 'slices'}", f"data.cache_dir={self.folder / 'cache'}"),
                *(f"data.image_size={self.pixels}", f"train.batch_size={self.batch}", f"seed={_plain.SEED}"),
                *(f"compute.engine={engine}", f"compute.cores={self.cores}", f"output_dir={output}"),
            ]
            run = RunFolder(Path(output), "run-001")
            moments: dict[str, float] = {}
            started, ended, _ = _timed(command, lambda: _note_phase(run.status, moments))
            history = json.loads(run.history.read_text())
        return Timing(
            moments["train"] - started,
            moments["test"] - moments["train"],
            ended - moments["test"],
            [row["seconds"] for row in history],
            [sum(part["train_steps"] for part in row["hospitals"].values()) for row in history],
        )

    def plain(self) -> Timing:
        """Run the same steps without a federation, in a process of its own."""
        command = [
            *("-m", "bench._plain", "--root", str(self.folder / "slices"), "--cache", str(self.folder / "cache")),
            *("--pixels", str(self.pixels), "--rounds", str(self.rounds), "--batch", str(self.batch)),
            *("--threads", str(self.cores), "--hospitals", *HOSPITALS),
        ]
        started, ended, text = _timed(command, lambda: None)
        said = json.loads(text.strip().splitlines()[-1])
        return Timing(
            said["began"] - started,
            said["ended"] - said["began"],
            ended - said["ended"],
            said["round_seconds"],
            said["steps"],
        )


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    options = _options(arguments)
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="bench-simulation-") as folder:
        bench = Bench(Path(folder), options.pixels, options.rounds, options.batch, options.cores)
        drawn = max(options.pixels, _SMALLEST_DRAWN)
        make_phantoms(bench.folder / "slices", image_size=drawn, slices_per_class=options.slices_per_class)
        trainees = _plain.read(bench.folder / "slices", bench.folder / "cache", HOSPITALS, options.pixels)  # decoded
        train, val = (sum(len(getattr(t.prepared.split, part)) for t in trainees) for part in ("train", "val"))
        console.print(
            f"{train:,} training and {val:,} validation slices at {options.pixels} px, {options.rounds} rounds, "
            f"{options.cores} cores, turns of each {options.repeats}, load {os.getloadavg()[0]:.1f} at the start"
        )
        timings = measure(bench, options.engines, options.repeats)
    console.print(results(timings))
    console.print("start: from the command to the first round; end: the test, and leaving; slices were decoded before.")
    plain = timings[PLAIN]
    per_round = statistics.median(second for timing in plain for second in timing.round_seconds)
    if per_round < _GOAL_SECONDS:
        console.print(
            f"Rounds took {per_round:.1f} s; the goal of 1.05 is for a minute or longer: raise --slices-per-class."
        )
    ratio = _ratio(timings[options.engines[0]], plain)
    print(
        f"ratio={ratio:.3f} (time of {options.rounds} rounds, simulation with {options.engines[0]} over plain PyTorch, "
        f"{options.pixels} px, {per_round:.0f} s a round, {options.cores} cores, start-up apart)"
    )


def measure(bench: Bench, engines: list[str], repeats: int) -> dict[str, list[Timing]]:
    """Let plain PyTorch and every engine take turns; all must take the same steps."""
    runners: dict[str, Callable[[], Timing]] = {PLAIN: bench.plain}
    runners |= {engine: lambda engine=engine: bench.simulate(engine) for engine in engines}  # type: ignore[misc]
    timings: dict[str, list[Timing]] = {name: [] for name in runners}
    for _ in range(repeats):
        for name, run in runners.items():
            timings[name].append(run())
            if timings[name][-1].steps != timings[PLAIN][0].steps:
                raise SystemExit(f"{name} took {timings[name][-1].steps} steps, {PLAIN} {timings[PLAIN][0].steps}.")
    return timings


def results(timings: dict[str, list[Timing]]) -> Table:
    """Return the table: medians over the turns, in seconds."""
    table = Table(title="medians in seconds", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for heading in ("start", "first round", "later round", "all rounds", "end", "whole", "over plain"):
        table.add_column(heading, justify="right")
    for name, runs in timings.items():
        later = [second for run in runs for second in run.round_seconds[1:]]
        table.add_row(
            name if name == PLAIN else f"Flower, {name}",
            f"{statistics.median(run.start_seconds for run in runs):.1f}",
            f"{statistics.median(run.round_seconds[0] for run in runs):.1f}",
            f"{statistics.median(later):.1f}" if later else "–",
            f"{statistics.median(run.rounds_seconds for run in runs):.1f}",
            f"{statistics.median(run.end_seconds for run in runs):.1f}",
            f"{statistics.median(run.start_seconds + run.rounds_seconds + run.end_seconds for run in runs):.1f}",
            f"{_ratio(runs, timings[PLAIN]):.3f}",
        )
    return table


def _ratio(runs: list[Timing], plain: list[Timing]) -> float:
    """Return the median ratio of the rounds' time, of runs that ran one after the other."""
    return median_ratio([run.rounds_seconds for run in runs], [run.rounds_seconds for run in plain])


def _timed(command: list[str], look: Callable[[], None]) -> tuple[float, float, str]:
    """Run Python in a process of its own and look at it now and then; returns when it began, ended, what it said."""
    with tempfile.TemporaryFile("w+") as output:
        started = time.time()
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            look()
            time.sleep(_LOOK_SECONDS)
        ended = time.time()
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
    return started, ended, text


def _note_phase(path: Path, moments: dict[str, float]) -> None:
    """Note when each phase of a run was first seen in its status file."""
    try:
        status: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return
    moments.setdefault(status["phase"], time.time())


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.simulation", description="Compare a whole simulation with the same steps without Flower."
    )
    parser.add_argument("--pixels", type=int, default=96, help="side of the slices (96)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each run (3)")
    parser.add_argument("--slices-per-class", type=int, default=400, help="scale of the hospitals (400)")
    parser.add_argument("--batch", type=int, default=32, help="slices in a step (32)")
    parser.add_argument("--repeats", type=int, default=1, help="turns of each (1)")
    parser.add_argument("--cores", type=int, default=available_cores(), help="cores to use (all)")
    parser.add_argument(
        "--engines", nargs="+", choices=("ray", "inprocess"), default=["ray", "inprocess"], help="(ray inprocess)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
