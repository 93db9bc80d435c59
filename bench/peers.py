"""What a federation costs beside its peers: ``python -m bench.peers [--pixels 64] [--rounds 2] [--repeats 3]``.

The real ``python -m server.simulate`` in both engines, Flower's own app as it comes (`bench._flower_app`, with one and
with two of Ray's workers) and the same steps, evaluations and averages in one plain PyTorch process (`bench._plain`)
take turns on the same synthetic slices, with the same batches and cores. CPU seconds are those of all processes
(`bench._family`). A round lasts from its first batch to that of the next, so it holds everything that a run does in
between: training, averaging, evaluating, recording, waiting; of two rounds it is the first, with all that is done once.
Every training step is counted from outside, in all programs alike (`bench.probe`), and a program that took other steps
than plain PyTorch is no comparison. For rounds of a minute: ``--pixels 96 --slices-per-class 400 --rounds 3``.

Before them one run in process is not counted: what the project keeps of a folder (decoded slices, pairs, fingerprints)
is there then, and plain PyTorch and Flower's app read the same decoded slices.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench import _plain
from bench._blocks import median_ratio
from bench._family import Course, follow
from common.config.hydra import load_hospitals
from common.phantoms.folders import make_phantoms
from common.training.device import available_cores
from common.training.optim import count_batches

HOSPITALS = ["phantom_jaipur", "phantom_hyderabad", "phantom_kolkata"]
PLAIN = "plain PyTorch"
NAMES = {
    PLAIN: PLAIN,
    "inprocess": "here, in process",
    "ray": "here, Ray",
    "flower1": "Flower's own app, 1 actor",
    "flower2": "Flower's own app, 2 actors",
}
_SMALLEST_DRAWN = 48  # pixels; the audit leaves out what is too small to be a slice


@dataclass(frozen=True)
class Cost:
    """What one run cost."""

    start_cpu: float  # seconds of all processes, to the first batch
    start_wall: float
    round_cpu: float  # of the mean round that another one follows
    round_wall: float
    whole_cpu: float
    whole_wall: float
    peak: float  # MiB of all processes


@dataclass(frozen=True)
class Bench:
    """The hospitals, and what is done with them."""

    folder: Path  # holds slices/, cache/ and hospitals.json; runs write below it
    pixels: int
    rounds: int
    batch: int
    cores: int

    @property
    def told(self) -> Path:
        """What Flower's app is told of the hospitals."""
        return self.folder / "hospitals.json"

    def command(self, name: str, output: str) -> list[str]:
        """Return the arguments to ``python`` of a contestant."""
        slices, cache = str(self.folder / "slices"), str(self.folder / "cache")
        same = ["--cache", cache, *_flags(pixels=self.pixels, rounds=self.rounds, batch=self.batch)]
        if name == PLAIN:
            return ["-m", "bench._plain", *same, *_flags(root=slices, threads=self.cores), "--hospitals", *HOSPITALS]
        if name.startswith("flower"):  # imported, as an app is; Ray copies what is in a main module
            app = ["-c", "from bench._flower_app import main; main()", *same, *_flags(hospitals=self.told)]
            return [*app, *_flags(out=f"{output}/model.pth", cores=self.cores, actors=name[-1])]
        return [
            *("-m", "server.simulate", f"hospitals=[{','.join(HOSPITALS)}]", f"rounds={self.rounds}"),
            *(f"data.root={slices}", f"data.cache_dir={cache}", f"data.image_size={self.pixels}"),
            *(f"train.batch_size={self.batch}", f"seed={_plain.SEED}", f"output_dir={output}"),
            *(f"compute.engine={name}", f"compute.cores={self.cores}"),
        ]

    def run(self, name: str) -> Course:
        """Run a contestant in a process of its own."""
        with tempfile.TemporaryDirectory(dir=self.folder) as output:
            return follow(self.command(name, output))


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    options = _options(arguments)
    console = Console(highlight=False, width=120)
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as folder:
        bench = Bench(Path(folder), options.pixels, options.rounds, options.batch, options.cores)
        drawn = max(options.pixels, _SMALLEST_DRAWN)
        make_phantoms(bench.folder / "slices", image_size=drawn, slices_per_class=options.slices_per_class)
        first = bench.run("inprocess")
        slices, steps = prepare(bench)
        console.print(
            f"{slices} slices at {options.pixels} px, {steps} steps a round, {options.rounds} rounds, "
            f"{options.cores} cores, medians of {options.repeats}, load {os.getloadavg()[0]:.1f} at the start"
        )
        costs = measure(bench, [PLAIN, *options.only], options.repeats, steps)
    console.print(results(costs))
    cold = first.cpu_until(first.marks[0])
    console.print(f"On folders that it has not seen before, in process: {cold:.1f} CPU s to the first batch.")
    console.print("MiB: the largest sum of the proportional set sizes (PSS) of all processes.")
    if not find_spec("nvflare"):
        console.print("NVFlare is not installed, and left out.")
    headline = options.only[0]
    print(
        f"ratio={round_ratio(costs[headline], costs[PLAIN]):.3f} (CPU seconds of a round, {NAMES[headline]} over "
        f"{PLAIN}, {options.pixels} px, {options.slices_per_class} slices a class, {options.cores} cores)"
    )


def prepare(bench: Bench) -> tuple[int, int]:
    """Tell Flower's app of hospitals and splits; returns the number of slices, and of training steps in a round."""
    trainees = _plain.read(bench.folder / "slices", bench.folder / "cache", HOSPITALS, bench.pixels)
    told = []
    for hospital, trainee in zip(load_hospitals(HOSPITALS), trainees, strict=True):
        split = trainee.prepared.split
        place = {"folder": str(trainee.prepared.scan.folder), "class_map": dict(hospital.class_map)}
        told.append({**place, "train": split.train.tolist(), "val": split.val.tolist()})
    bench.told.write_text(json.dumps(told))
    slices = sum(len(trainee.prepared.scan.files) for trainee in trainees)
    return slices, sum(count_batches(len(one["train"]), bench.batch) for one in told)


def measure(bench: Bench, names: Sequence[str], repeats: int, steps: int) -> dict[str, list[Cost]]:
    """Let the contestants take turns; all must take the same steps."""
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for _ in range(repeats):
        for name in names:
            course = bench.run(name)
            if len(course.marks) != steps * bench.rounds:
                raise SystemExit(
                    f"{course.said}\n{NAMES[name]} took {len(course.marks)} steps, not {steps * bench.rounds}."
                )
            cost = cost_of(course, steps, bench.rounds)
            costs[name].append(cost)
            said = f"{cost.start_cpu:.1f} to the first batch, {cost.round_cpu:.1f} a round, {cost.whole_cpu:.1f} in all"
            print(f"{NAMES[name]}: {said} (CPU s)", file=sys.stderr, flush=True)
    return costs


def cost_of(course: Course, steps: int, rounds: int) -> Cost:
    """Take a run's cost from its course.

    Parameters
    ----------
    steps : int
        Training steps in a round, of all hospitals.
    rounds : int
        At least 2: a round ends with the first batch of the next.
    """
    first, last = course.marks[0], course.marks[steps * (rounds - 1)]
    return Cost(
        course.cpu_until(first),
        first - course.moments[0],
        course.cpu_between(first, last) / (rounds - 1),
        (last - first) / (rounds - 1),
        course.cpu[-1],
        course.wall,
        course.peak,
    )


def round_ratio(ours: Sequence[Cost], plain: Sequence[Cost]) -> float:
    """Return the median ratio of a round's CPU seconds, of runs that ran one after the other."""
    return median_ratio([cost.round_cpu for cost in ours], [cost.round_cpu for cost in plain])


def results(costs: dict[str, list[Cost]]) -> Table:
    """Return the table: medians over the turns, CPU seconds of all processes beside wall seconds."""
    table = Table(title="CPU seconds, and wall seconds", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in ("to the first\nbatch, CPU", "\nwall", "a round,\nCPU", "\nover plain", "\nwall"):
        table.add_column(heading, justify="right")
    for heading in ("whole,\nCPU", "\nwall", "peak\nMiB"):
        table.add_column(heading, justify="right")
    for name, runs in costs.items():
        middle = [statistics.median(getattr(run, part.name) for run in runs) for part in fields(Cost)]
        start, start_wall, of_round, round_wall, whole, whole_wall, peak = middle
        over = round_ratio(runs, costs[PLAIN])
        cells = f"{start:.1f} {start_wall:.1f} {of_round:.1f} {over:.2f} {round_wall:.1f} {whole:.1f} {whole_wall:.1f}"
        table.add_row(NAMES[name], *cells.split(), f"{peak:,.0f}")
    return table


def _flags(**values: object) -> list[str]:
    return [word for name, value in values.items() for word in (f"--{name}", str(value))]


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers", description="Compare a whole federation with its peers, and with no federation."
    )
    parser.add_argument("--pixels", type=int, default=64, help="side of the slices (64)")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of each run, at least 2 (2)")
    parser.add_argument("--slices-per-class", type=int, default=200, help="scale of the hospitals (200)")
    parser.add_argument("--batch", type=int, default=32, help="slices in a step (32)")
    parser.add_argument("--repeats", type=int, default=3, help="turns of each (3)")
    parser.add_argument("--cores", type=int, default=available_cores(), help="cores to use (all)")
    federations = [name for name in NAMES if name != PLAIN]
    parser.add_argument(
        "--only", nargs="+", choices=federations, help="beside plain PyTorch (all that the cores allow)"
    )
    given = parser.parse_args(arguments)
    if given.rounds < 2:
        parser.error("--rounds: a round ends with the first batch of the next, so two at least")
    given.only = given.only or [name for name in federations if given.cores > 1 or name != "flower2"]
    if given.cores < 2 and "flower2" in given.only:
        parser.error("--only flower2: two actors need two cores")
    return given


if __name__ == "__main__":
    main()
