"""How soon is a model good? ``python -m bench.time_to_accuracy --data-root dataset [--epochs 10] [--experiment fast]``.

Version 1's recipe (one loop over the pooled slices: 224 px, float32, Adam at 1e-4, flip and rotation, each file decoded
in each epoch) against this project's federation, on one split of the same slices, one after the other, with all cores.
Both are validated on the same slices after each epoch or round. The times run from the command to the end of the round
that reached the accuracy, start-up and validation included. Targets are version 1's published validation accuracy and
the loop's own best. The last line is the ratio of the times to the first target.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench._plain import SEED, Trainee, read
from bench._version1 import Slices as Files
from bench._version1 import Version1
from common.config.hydra import compose_settings
from common.training.device import available_cores
from common.training.evaluate import evaluate

PUBLISHED = 0.797  # version 1's best validation accuracy, of its own split of its own slices
_PIXELS = 224
_BATCH = 32
_LOOK_SECONDS = 0.2
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Point:
    """One validation.

    Attributes
    ----------
    seconds : float
        Since the contestant's command.
    accuracy : float
        On all hospitals' validation slices, a fraction.
    pixels : int
        Side of the slices.
    """

    seconds: float
    accuracy: float
    pixels: int


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    options = _options(arguments)
    console = Console(highlight=False)
    console.print(f"{available_cores()} cores, load {os.getloadavg()[0]:.1f} at the start, seed {SEED}")
    with tempfile.TemporaryDirectory(prefix="bench-time-") as folder:
        trainees = read(options.data_root, options.cache_dir, _hospitals(options.experiment), _PIXELS)
        ours = federation(options, Path(folder), console)
        theirs = version1(trainees, options.data_root, options.epochs, console)
    targets = {f"{PUBLISHED:.1%}": PUBLISHED, "the loop's best": max(point.accuracy for point in theirs)}
    console.print(results(ours, theirs, targets, options.experiment))
    print(headline(ours, theirs, options.experiment))


def reached(points: list[Point], target: float, pixels: int = 0) -> float | None:
    """Return the seconds to the first validation of at least a target, at a size or larger; None if there is none."""
    return next((p.seconds for p in points if p.accuracy >= target and p.pixels >= pixels), None)


def version1(trainees: list[Trainee], root: Path, epochs: int, console: Console) -> list[Point]:
    """Train version 1's loop on all hospitals' training files together; validate after each epoch."""
    started = time.perf_counter()
    torch.set_num_threads(available_cores())
    torch.manual_seed(SEED)
    paths, labels = _training_files(trainees)
    loop = Version1(Files(paths, labels, _PIXELS), _BATCH, torch.device("cpu"))
    points = []
    for epoch in range(1, epochs + 1):
        loop.epoch()
        parts = [evaluate(loop.model, t.slices, t.prepared.split.val) for t in trainees]
        confusion = sum((part.confusion for part in parts), np.zeros((4, 4), np.int64))
        accuracy = float(np.trace(confusion) / confusion.sum())
        points.append(Point(time.perf_counter() - started, accuracy, _PIXELS))
        console.print(f"version 1, epoch {epoch}: {accuracy:.1%} after {points[-1].seconds:.0f} s")
    return points


def federation(options: argparse.Namespace, folder: Path, console: Console) -> list[Point]:
    """Run the experiment in a process of its own and note when each round was there to be read."""
    command = [
        *(sys.executable, "-m", "server.simulate", f"experiment={options.experiment}", f"seed={SEED}"),
        *(f"data.root={options.data_root}", f"data.cache_dir={options.cache_dir}", f"output_dir={folder}"),
    ]
    history = folder / "artifacts" / "run-001" / "training_history.json"
    points: list[Point] = []
    started = time.perf_counter()
    with (folder / "output").open("w+") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        while True:
            ended = process.poll() is not None
            rows = json.loads(history.read_text()) if history.exists() else []
            for row in rows[len(points) :]:
                points.append(Point(time.perf_counter() - started, row["val_accuracy"], row["image_size"]))
                console.print(
                    f"{options.experiment}, round {row['epoch']} at {row['image_size']} px: {row['val_accuracy']:.1%} "
                    f"after {points[-1].seconds:.0f} s"
                )
            if ended:
                break
            time.sleep(_LOOK_SECONDS)
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{output.read()}")
    return points


def results(ours: list[Point], theirs: list[Point], targets: dict[str, float], experiment: str) -> Table:
    """Return the table: seconds to each target."""
    table = Table(title="seconds to a validation accuracy", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for name in (*targets, "best", "at the end"):
        table.add_column(name, justify="right")
    full = max(point.pixels for point in ours)
    rows = {
        "version 1's loop": (theirs, 0),
        f"experiment={experiment}": (ours, 0),
        f"the same, at {full} px": (ours, full),
    }
    for name, (points, pixels) in rows.items():
        seen = [point for point in points if point.pixels >= pixels]
        times = [reached(points, target, pixels) for target in targets.values()]
        best = max((point.accuracy for point in seen), default=None)
        table.add_row(
            name,
            *("not reached" if seconds is None else f"{seconds:.0f}" for seconds in times),
            "–" if best is None else f"{best:.1%}",
            f"{points[-1].seconds:.0f} s",
        )
    return table


def headline(ours: list[Point], theirs: list[Point], experiment: str) -> str:
    """Return the last line; where the loop never got there, its whole time is a lower bound."""
    own, other = reached(ours, PUBLISHED), reached(theirs, PUBLISHED)
    if own is None:
        return f"ratio=0 (experiment={experiment} did not reach {PUBLISHED:.1%})"
    bound = "" if other is not None else f"; at least: the loop had not reached it after {theirs[-1].seconds:.0f} s"
    ratio = (other or theirs[-1].seconds) / own
    return f"ratio={ratio:.2f} (seconds to {PUBLISHED:.1%}, version 1's loop over experiment={experiment}{bound})"


def _training_files(trainees: list[Trainee]) -> tuple[list[Path], list[int]]:
    """Return every training file with its label, hospital after hospital."""
    paths: list[Path] = []
    labels: list[int] = []
    for trainee in trainees:
        scan = trainee.prepared.scan
        for index in trainee.prepared.split.train:
            paths.append(scan.folder / scan.files[index].relative_path)
            labels.append(int(scan.labels[index]))
    return paths, labels


def _hospitals(experiment: str) -> list[str]:
    return compose_settings([f"experiment={experiment}"]).hospitals


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.time_to_accuracy",
        description="Compare the time to a validation accuracy: version 1's recipe and this project's federation.",
    )
    parser.add_argument(
        "--data-root", type=Path, default=Path("dataset"), help="holds the hospitals' folders (dataset)"
    )
    parser.add_argument("--cache-dir", type=Path, default=Path(".cache/images"), help="decoded slices (.cache/images)")
    parser.add_argument("--epochs", type=int, default=10, help="of version 1's loop (10, as it had)")
    parser.add_argument("--experiment", default="fast", help="file under conf/experiment/ (fast)")
    options = parser.parse_args(arguments)
    options.data_root, options.cache_dir = options.data_root.resolve(), options.cache_dir.resolve()
    return options


if __name__ == "__main__":
    main()
