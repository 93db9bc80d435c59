"""What travels with each coding: ``python -m bench.wire [--data-root FOLDER --seeds 42 43 44 --rounds 15]``.

Hospitals on machines of their own, in this process (`bench._separate`): a message's bytes are those of a real
federation, counted where the server hands it over and takes the answer. Without ``--data-root`` three synthetic
hospitals are drawn. Each coding runs with each seed; with three seeds or more the accuracy on the test slices comes
with a 95 % interval, and so does what a coding loses beside float32 with the same seed, in points.

Seconds and CPU seconds a round are those above training and validation, all hospitals' and the server's together.
Settings at the end are those of a run: ``train.lr=1e-3 data.image_size=64``. The last line is int8's bytes over
float32's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench._separate import run
from common.artifacts.layout import RunFolder
from common.config.settings import CODINGS
from common.phantoms.folders import make_phantoms
from common.study.statistics import estimate

_PHANTOMS = "hospitals=[phantom_jaipur,phantom_hyderabad,phantom_kolkata]"
_MB = 1e6


@dataclass(frozen=True)
class Measured:
    """One run."""

    down: float  # bytes a round, all hospitals
    up: float
    seconds: float  # a round, above training and validation
    cpu_seconds: float  # of the whole run, training included
    accuracy: float  # on all hospitals' test slices, a fraction


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    given = _options(arguments)
    console = Console(highlight=False, width=120)
    with tempfile.TemporaryDirectory(prefix="bench-wire-") as place:
        found = {
            coding: [measure(given, coding, seed, Path(place)) for seed in given.seeds] for coding in given.codings
        }
    console.print(f"{len(given.seeds)} seeds, {given.rounds} rounds, load {os.getloadavg()[0]:.1f} at the end")
    console.print(results(found))
    if {"int8", "float32"} <= set(found):
        print(f"ratio={_bytes(found['int8']) / _bytes(found['float32']):.3f} (bytes a round, int8 over float32)")


def measure(given: argparse.Namespace, coding: str, seed: int, place: Path) -> Measured:
    """Run one federation."""
    root = given.data_root
    if root is None:
        root = place / "phantoms"
        if not root.exists():
            make_phantoms(root, image_size=64, slices_per_class=given.slices_per_class, seed=0)
    first = [] if given.data_root else [_PHANTOMS]
    settings = [*first, f"data.root={root}", f"rounds={given.rounds}", f"seed={seed}", f"wire={coding}"]
    output = place / f"{coding}-{seed}"
    more = ["compute.threads=1", "in_service=false", f"output_dir={output}", *given.overrides]
    started = time.process_time()
    folder = run([*settings, *more], place / "caches")
    return measured(folder, time.process_time() - started)


def measured(folder: RunFolder, cpu_seconds: float) -> Measured:
    """Read a run's own files."""
    rows = json.loads(folder.history.read_text())
    meta = json.loads(folder.meta.read_text())
    return Measured(
        down=statistics.mean(row["bytes_down"] for row in rows),
        up=statistics.mean(row["bytes_up"] for row in rows),
        seconds=statistics.median(row["seconds"] - _own_seconds(row) for row in rows),
        cpu_seconds=cpu_seconds,
        accuracy=meta["metrics"]["test_accuracy"],
    )


def results(found: dict[str, list[Measured]]) -> Table:
    """Return the table: means over seeds; seconds are medians."""
    plain = found.get("float32")
    table = Table(box=SIMPLE_HEAD)
    table.add_column("wire", no_wrap=True)
    for heading in (
        "MB down",
        "MB up",
        "MB a round",
        "of float32",
        "s above training",
        "CPU s a run",
        "test accuracy, %",
    ):
        table.add_column(heading, justify="right")
    table.add_column("points beside float32", justify="right")
    for coding, runs in found.items():
        table.add_row(
            coding,
            f"{statistics.mean(each.down for each in runs) / _MB:.1f}",
            f"{statistics.mean(each.up for each in runs) / _MB:.1f}",
            f"{_bytes(runs) / _MB:.1f}",
            f"{_bytes(runs) / _bytes(plain):.1%}" if plain else "–",
            f"{statistics.median(each.seconds for each in runs):.2f}",
            f"{statistics.median(each.cpu_seconds for each in runs):.1f}",
            _with_interval([each.accuracy for each in runs]),
            _lost(runs, plain) if plain and coding != "float32" else "–",
        )
    return table


def _bytes(runs: list[Measured]) -> float:
    return statistics.mean(each.down + each.up for each in runs)


def _lost(runs: list[Measured], plain: list[Measured]) -> str:
    return _with_interval([a.accuracy - b.accuracy for a, b in zip(runs, plain, strict=True)], "+")


def _with_interval(fractions: list[float], sign: str = "") -> str:
    """Write a mean in percent, with its 95 % interval over seeds where there are enough."""
    found = estimate(fractions)
    mean = f"{100 * statistics.mean(fractions):{sign}.1f}"
    if found is None or found.interval is None or found.n < 3:
        return mean
    low, high = found.interval
    return f"{mean} [{100 * low:{sign}.1f}, {100 * high:{sign}.1f}]"


def _own_seconds(row: dict[str, Any]) -> float:
    parts = row["hospitals"].values()
    return sum((part.get("train_seconds") or 0) + (part.get("val_seconds") or 0) for part in parts)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    command = argparse.ArgumentParser(
        prog="python -m bench.wire", description="Bytes, seconds and accuracy of codings."
    )
    command.add_argument("--codings", nargs="+", choices=CODINGS, default=list(CODINGS), help="(all)")
    command.add_argument("--rounds", type=int, default=3, help="of each run (3)")
    command.add_argument("--seeds", type=int, nargs="+", default=[42], help="a run with each (42)")
    command.add_argument("--data-root", type=Path, help="the hospitals' folders; without it synthetic ones are drawn")
    command.add_argument("--slices-per-class", type=int, default=50, help="scale of the synthetic hospitals (50)")
    command.add_argument("overrides", nargs="*", help="setting=value ...")
    return command.parse_args(arguments)


if __name__ == "__main__":
    main()
