"""``python -m bench.folder``: whether what is done with a hospital's folder stays linear in its slices.

Slices are drawn into a temporary folder (`bench._slices`), and each size is measured in a process of its own: CPU
seconds and milliseconds a slice of every step from the folder to the split, and the process's largest resident size.
With ``--manifest`` each folder says in a ``manifest.csv`` whose slices they are, 13 in a row to a patient.
The last line is CPU seconds a slice at the largest size over those at the smallest.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench._slices import draw_folder, link_folder
from common.audit.report import audit
from common.data.cache import cached_near_duplicates, open_library
from common.data.evidence import Evidence
from common.data.identity.known import known_cases
from common.data.identity.labelling import scan_hospital
from common.data.identity.manifest import NAMES
from common.data.identity.pseudonyms import Pseudonyms
from common.data.split import make_split

STEPS = ("scan", "decode", "pairs", "patients", "groups", "audit", "split")
_OF_A_PATIENT = 13
_PIXELS = 64
_CHEAP = 5000  # slices up to which a size is measured several times
_SEED = 1
_T = TypeVar("_T")


class Measured(msgspec.Struct):
    """What one process found for one size."""

    seconds: dict[str, float]
    """CPU seconds of each of the `STEPS`."""
    before: float
    """Largest resident size in MiB before the first step."""
    peak: float
    """The same after the last one."""
    pairs: int
    groups: int

    @property
    def total(self) -> float:
        """CPU seconds of all steps."""
        return sum(self.seconds.values())


def main(arguments: list[str] | None = None) -> None:
    """Measure each size and print a table."""
    command = argparse.ArgumentParser(prog="python -m bench.folder")
    command.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000, 20000, 50000])
    command.add_argument("--repeats", type=int, default=3, help=f"of sizes up to {_CHEAP:,}; the median counts")
    command.add_argument("--manifest", action="store_true", help="say in each folder whose slices they are")
    command.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = command.parse_args(arguments)
    if given.measure:
        print(msgspec.json.encode(measure(given.measure)).decode())
        return
    sizes = sorted(given.sizes)
    with tempfile.TemporaryDirectory(prefix="bench-folder-") as place:
        drawn = draw_folder(Path(place, "all"), sizes[-1], _SEED)
        runs: dict[int, list[Measured]] = {size: [] for size in sizes}
        for repeat in range(given.repeats):
            for size in sizes if repeat == 0 else [size for size in sizes if size <= _CHEAP]:
                folder = Path(place, f"{repeat}-{size}")
                link_folder(drawn[:size], Path(place, "all"), folder / "slices")
                if given.manifest:
                    _write_manifest([path.relative_to(Path(place, "all")) for path in drawn[:size]], folder / "slices")
                runs[size].append(_alone(folder))
                shutil.rmtree(folder)
    found = {size: sorted(of_size, key=lambda one: one.total)[len(of_size) // 2] for size, of_size in runs.items()}
    Console().print(_table(found))
    few, many = sizes[0], sizes[-1]
    ratio = (found[many].total / many) / (found[few].total / few)
    print(f"ratio={ratio:.2f} (CPU seconds a slice, {many:,} slices over {few:,})")


def measure(place: Path) -> Measured:
    """Take one folder from its files to a split, as a hospital does."""
    seconds: dict[str, float] = {}

    def timed(step: str, work: Callable[[], _T]) -> _T:
        start = time.process_time()
        done = work()
        seconds[step] = time.process_time() - start
        return done

    before = _largest_resident()
    cache = place / "cache"
    scan = timed("scan", lambda: scan_hospital(place / "slices", {}))
    library = timed("decode", lambda: open_library(scan, _PIXELS, cache))
    pairs = timed("pairs", lambda: cached_near_duplicates(np.asarray(library.thumbs), cache, "bench"))
    known = timed("patients", lambda: known_cases(scan, library.said, Pseudonyms(cache)))
    evidence = Evidence(scan, library, pairs, known)
    groups = timed("groups", lambda: evidence.groups)
    timed("audit", lambda: audit(evidence))
    timed("split", lambda: make_split(scan.labels, groups, evidence.usable, 0.15, 0.15, 42))
    return Measured(seconds, before, _largest_resident(), len(pairs), groups.count)


def _write_manifest(files: Sequence[Path], folder: Path) -> None:
    rows = [f"{file.as_posix()},,P{number // _OF_A_PATIENT:06}" for number, file in enumerate(files)]
    (folder / NAMES[0]).write_text("\n".join(["file,label,patient", *rows]))


def _alone(place: Path) -> Measured:
    command = [sys.executable, "-m", "bench.folder", "--measure", str(place)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return msgspec.json.decode(found, type=Measured)


def _largest_resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _table(found: dict[int, Measured]) -> Table:
    title = "CPU seconds of a folder, and milliseconds of each slice"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("slices")
    for size in found:
        table.add_column(f"{size:,}\ns", justify="right")
        table.add_column("\nms", justify="right")
    for step in STEPS:
        table.add_row(step, *_cells((one.seconds[step], size) for size, one in found.items()))
    table.add_row("all", *_cells((one.total, size) for size, one in found.items()), end_section=True)
    table.add_row("look-alikes", *_counts(one.pairs for one in found.values()))
    table.add_row("separate groups", *_counts(one.groups for one in found.values()))
    table.add_row("peak MiB", *_counts(round(one.peak) for one in found.values()))
    grown = [(1024 * (one.peak - one.before) / size) for size, one in found.items()]
    table.add_row("KiB a slice", *(cell for each in grown for cell in ("", f"{each:.1f}")))
    return table


def _cells(values: Iterable[tuple[float, int]]) -> Iterator[str]:
    for seconds, size in values:
        yield f"{seconds:.2f}"
        yield f"{1000 * seconds / size:.3f}"


def _counts(values: Iterable[int]) -> Iterator[str]:
    for value in values:
        yield f"{value:,}"
        yield ""


if __name__ == "__main__":
    main()
