"""``python -m bench.poison --data-root FOLDER``: what one hospital of four can do to the model.

The first of three hospitals is cut in two by its file numbers, which makes four. The federation runs honestly, and then
once with each poison (`bench._poisons`), through the real classes in one process. A row says whether the wrong update
was left out, how much of its length was taken, and what the test accuracy of the best round was. Settings follow as on
the command line of ``server.simulate``; a row that stands in ``--results`` is not run again.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import statistics
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench._poisons import POISONS, PoisonedApp
from clients.app import make_client_app
from clients.site import Site
from common.config.hospital import Hospital
from common.config.hydra import compose_settings, load_hospitals
from common.config.settings import RunSettings
from common.data.scan import scan_folder
from server.engines import inprocess
from server.federation.exchange import Place
from server.federation.federation import Federation, make_server_app
from server.federation.lifecycle import Job, run_job
from server.recording.checkpoint import RunProgress
from server.recording.events import Listeners
from server.recording.log import TrainingLog
from server.recording.recorder import Recorder

HONEST = "none"
_DEFAULTS = ["data.image_size=64", "train.lr=1e-3", "train.batch_size=16", "data.cross_hospital_check=false"]


@dataclass(frozen=True)
class Row:
    """What one run came to."""

    poison: str
    accuracy: float  # of the best round, on all hospitals' test slices
    last: float  # validation accuracy of the last round
    left_out: int  # rounds in which the wrong update was refused
    rounds: int
    kept: float | None  # median share of its length that was taken
    cosine: float | None  # median
    reason: str


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing in the results and print the table."""
    given = _options(arguments)
    rows = (
        [Row(**json.loads(line)) for line in given.results.read_text().splitlines()] if given.results.exists() else []
    )
    with tempfile.TemporaryDirectory(prefix="bench-poison-") as folder:
        settings = compose_settings([*_DEFAULTS, *given.settings])
        hospitals = four_hospitals(given.data_root.resolve(), Path(folder) / "slices", settings.hospitals)
        settings.hospitals = [each.key for each in hospitals]
        settings.data.root = str(Path(folder) / "slices")
        for name in given.poisons:
            if name not in [row.poison for row in rows]:
                settings.output_dir = str(Path(folder) / name.replace(" ", "-"))
                rows.append(run(name, settings, hospitals, given.attacker))
                with given.results.open("a") as file:
                    file.write(json.dumps(vars(rows[-1])) + "\n")
                print(rows[-1], flush=True)
                shutil.rmtree(settings.output_dir)
    Console(width=120).print(table(rows))


def four_hospitals(root: Path, folder: Path, keys: list[str]) -> list[Hospital]:
    """Lay out the hospitals' slices below a folder, those of the first hospital in two halves."""
    first, *others = load_hospitals(keys)
    folder.mkdir()
    for each in others:
        (folder / each.path).symlink_to(root / each.path, target_is_directory=True)
    halves = [
        replace(first, key=f"{first.key}_{part}", name=f"{first.name}, part {part}", path=f"{first.path}-{part}")
        for part in (1, 2)
    ]
    found = scan_folder(root / first.path, first.class_map).files
    for _, files in _by_folder([Path(file.relative_path) for file in found]).items():
        for number, path in enumerate(files):
            half = folder / halves[int(number >= len(files) / 2)].path
            (half / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / first.path / path, half / path)
    return [*halves, *others]


def run(poison: str, settings: RunSettings, hospitals: list[Hospital], attacker: int) -> Row:
    """Run one federation in this process."""
    root, cache = Path(settings.data.root), Path(settings.data.cache_dir).resolve()
    sites = [Site(each, root, cache, settings.compute.device) for each in hospitals]
    app: Any = make_client_app(lambda context: sites[int(context.node_config["partition-id"])])
    if poison != HONEST:
        app = PoisonedApp(app, attacker, POISONS[poison])
    names = {each.key: each.name for each in hospitals}
    cores = settings.compute.cores or len(os.sched_getaffinity(0))
    place = Place(True, cores, settings.compute.threads or cores)

    def work(progress: RunProgress, recorder: Recorder) -> None:
        listeners = Listeners([recorder, TrainingLog()])
        federation = Federation(settings, progress, recorder, listeners, threading.Event(), names, place)
        inprocess.launch(make_server_app(federation.run), app, len(hospitals))

    Path(settings.output_dir).mkdir()
    run_job(Job(settings, hospitals, None, "bench.poison", "inprocess"), Console(file=io.StringIO()), work)
    return _row(poison, Path(settings.output_dir) / "artifacts" / "run-001", hospitals[attacker].name)


def table(rows: list[Row]) -> Table:
    """Return the rows with their difference to the honest run, in points."""
    honest = next((row.accuracy for row in rows if row.poison == HONEST), None)
    shown = Table(title="One of four hospitals is wrong", title_justify="left", box=SIMPLE_HEAD)
    for heading in ("poison", "left out", "of its length taken", "cosine", "test accuracy", "points", "why"):
        shown.add_column(heading)
    for row in rows:
        points = "" if honest is None else f"{100 * (row.accuracy - honest):+.1f}"
        kept = "" if row.kept is None else f"{100 * row.kept:.3g} %"
        cosine = "" if row.cosine is None else f"{row.cosine:.2f}"
        out = f"{row.left_out} of {row.rounds}"
        shown.add_row(row.poison, out, kept, cosine, f"{100 * row.accuracy:.1f} %", points, row.reason[:60])
    return shown


def _row(poison: str, folder: Path, name: str) -> Row:
    history = json.loads((folder / "training_history.json").read_text())
    meta = json.loads((folder / "model_meta.json").read_text())
    reasons = [each["reason"] for row in history for each in row["failed"] if each["hospital"] == name]
    parts = [row["hospitals"][name] for row in history if name in row["replied"]]
    kept = [part["update_kept"] for part in parts if "update_kept" in part]
    cosines = [part["update_cosine"] for part in parts if "update_cosine" in part]
    return Row(
        poison,
        meta["metrics"]["test_accuracy"],
        history[-1]["val_accuracy"],
        len(reasons),
        len(history),
        statistics.median(kept) if kept else None,
        statistics.median(cosines) if cosines else None,
        reasons[0] if reasons else "",
    )


def _by_folder(paths: list[Path]) -> dict[Path, list[Path]]:
    found: dict[Path, list[Path]] = {}
    for path in sorted(paths):
        found.setdefault(path.parent, []).append(path)
    return found


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.poison", description="Measure what one wrong hospital of four does to the model."
    )
    parser.add_argument("--data-root", type=Path, default=Path("dataset"), help="holds three hospitals' folders")
    parser.add_argument("--results", type=Path, default=Path("poison.jsonl"), help="rows, one a line (poison.jsonl)")
    parser.add_argument("--attacker", type=int, default=1, help="which of the four, from 0 (1: half of the first)")
    everything = [HONEST, *POISONS]
    parser.add_argument("--poisons", nargs="+", choices=everything, default=everything, metavar="NAME")
    parser.add_argument("settings", nargs="*", help="as of server.simulate, after --, such as rounds=8")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
