"""``python -m bench.round_cost``: what a round over the SuperLink costs above its training time.

Three synthetic hospitals at 32 px on loopback, TLS and keys on, ResNet18. A round's cost is its wall time less what the
slowest hospital spent on training and on validating; its CPU seconds are those of all processes, training included
(some 2 s), and MiB the largest sum of their proportional set sizes. Contestants run one after the other:

``started``
    As Flower comes: ``flower-supernode`` starts a process with new imports for each message.
``forked``
    As ``clients.join`` does it: each message's process is forked from one that has everything imported.

The last line is the first contestant's cost over the last one's.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench._family import Seen
from clients.join import parser
from clients.site import SITE_FILE, site_from, write_site
from common.phantoms.folders import make_phantoms

_KEYS = ("phantom_jaipur", "phantom_hyderabad", "phantom_kolkata")
_PORT = 18443
_CONTESTANTS = ("started", "forked")
_LOOK_SECONDS = 0.25


def main() -> None:
    """Measure each contestant and print a line for it."""
    command = argparse.ArgumentParser(prog="python -m bench.round_cost")
    command.add_argument("--rounds", type=int, default=4, help="the first one is not counted (default: 4)")
    command.add_argument("--only", choices=_CONTESTANTS, nargs="+", default=_CONTESTANTS)
    command.add_argument("overrides", nargs="*", help="setting=value ..., such as wire=lossless")
    given = command.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_phantoms(Path(folder) / "phantoms", image_size=48, slices_per_class=16, seed=0)
        medians = {}
        for name in given.only:
            cost = measure(Path(folder), name, given.rounds, given.overrides)
            medians[name] = statistics.median(cost.seconds)
            shown = ", ".join(f"{seconds:.1f}" for seconds in cost.seconds)
            print(
                f"{name:<8} {medians[name]:6.1f} s a round above training ({shown}), {cost.cpu:.1f} CPU s a round, "
                f"{cost.peak:,.0f} MiB",
                flush=True,
            )
    first, last = given.only[0], given.only[-1]
    print(f"ratio={medians[first] / medians[last]:.2f} (seconds a round above training, {first} over {last})")


@dataclass(frozen=True)
class Cost:
    """What the rounds after the first one cost."""

    seconds: Sequence[float]  # of each round, above the slowest hospital's own
    cpu: float  # seconds a round, of all processes
    peak: float  # MiB of all processes


@dataclass
class _Watch:
    """Looks at all processes that this one started, until it is told to stop."""

    history: Path
    at_rounds: list[float] = field(default_factory=list)  # CPU seconds when each round was written down
    seen: Seen = field(default_factory=Seen)
    over: threading.Event = field(default_factory=threading.Event)

    def follow(self) -> None:
        while not self.over.wait(_LOOK_SECONDS):
            cpu = self.seen.look(psutil.Process().children(recursive=True))
            done = len(json.loads(self.history.read_text())) if self.history.exists() else 0
            self.at_rounds += [cpu] * (done - len(self.at_rounds))


def measure(folder: Path, name: str, rounds: int, settings: list[str]) -> Cost:
    """Run one federation."""
    place = folder / name
    place.mkdir()
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PATH": programs, "FLWR_TELEMETRY_ENABLED": "0"}
    running: list[subprocess.Popen[bytes]] = []
    path = place / "artifacts" / "run-001" / "training_history.json"
    watch = _Watch(path)
    watcher = threading.Thread(target=watch.follow)

    def start(command: list[str], home: Path | None = None) -> subprocess.Popen[bytes]:
        own = environment | ({"FLWR_HOME": str(home)} if home else {})
        with (place / "output").open("ab") as output:
            process = subprocess.Popen(
                command, cwd=place, env=own, stdout=output, stderr=output, start_new_session=True
            )
        running.append(process)
        return process

    def python(*arguments: str) -> subprocess.Popen[bytes]:
        return start([sys.executable, "-m", *arguments])

    try:
        keys = [word for key in _KEYS for word in ("--hospital", key)]
        if python("server.credentials", "--port", str(_PORT), *keys).wait():
            raise SystemExit((place / "output").read_text())
        python("server.serve", "--port", str(_PORT))
        _until(place / "output", "Ready.")
        for number, key in enumerate(_KEYS):
            flags = ["--data-root", str(folder / "phantoms"), "--port", str(_PORT + 1 + number)]
            site = place / "credentials" / "handout" / key / "hospital.yaml"
            arguments = ["--config", str(site), "--superlink", f"localhost:{_PORT}", *flags]
            if name == "forked":
                python("clients.join", "--skip-preflight", *arguments)
            else:
                start(_supernode(key, arguments, place / key), place / key)
        watcher.start()
        overrides = [f"hospitals=[{','.join(_KEYS)}]", f"rounds={rounds}", "data.image_size=32", "compute.threads=1"]
        if python("server.run", *overrides, "strategy.wait_seconds=600", *settings).wait() != 0:
            raise SystemExit((place / "output").read_text()[-3000:])
    finally:
        watch.over.set()
        for process in reversed(running):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(60)
    history = json.loads(path.read_text())
    for row in history:
        print(
            f"round {row['epoch']}: {row['bytes_down'] / 1e6:.1f} MB down, {row['bytes_up'] / 1e6:.1f} MB up",
            flush=True,
        )
    seconds = [row["seconds"] - _own_seconds(row) for row in history[1:]]
    return Cost(seconds, (watch.at_rounds[-1] - watch.at_rounds[0]) / (rounds - 1), watch.seen.peak)


def _supernode(key: str, arguments: list[str], home: Path) -> list[str]:
    """Return Flower's own command for a hospital."""
    home.mkdir()
    given = parser().parse_args(arguments)
    site = site_from(given)
    settings = write_site(site, home / "site.yaml")
    command = ["flower-supernode", "--superlink", site.superlink, "--host", "127.0.0.1", "--port", str(site.port)]
    command += [
        "--root-certificates",
        str(site.root_certificate),
        "--auth-supernode-private-key",
        str(site.private_key),
    ]
    return [*command, "--node-config", f"{SITE_FILE}={json.dumps(str(settings))}"]


def _own_seconds(row: dict[str, dict[str, dict[str, float]]]) -> float:
    parts = row["hospitals"].values()
    return max(part["train_seconds"] for part in parts) + max(part["val_seconds"] for part in parts)


def _until(path: Path, sign: str) -> None:
    while sign not in path.read_text(errors="replace"):
        time.sleep(0.5)


if __name__ == "__main__":
    main()
