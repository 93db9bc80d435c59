"""The federation that is disturbed: each machine a network namespace, disks small, and a stranger on the line."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from common.artifacts.layout import RunFolder
from common.phantoms.folders import make_phantoms
from tests.deployment.clocks import own_clock
from tests.deployment.harness import KEYS, Deployment, Process, deployment, wait_for
from tests.deployment.network import Network, network
from tests.deployment.tampering import tampered_program

STRANGER = "stranger"
TRAITOR = KEYS[2]
"""The hospital whose program was altered; it is honest unless an order says otherwise."""
_DISK = "800m"
_OWN_DISK = "300m"
_SETTINGS = {"fedavg": ("train.lr=1e-3",), "scaffold": ("strategy=scaffold", "train.lr=0.02")}


class Stage:
    """Centre, hospitals and stranger, with everything that may be done to them."""

    def __init__(self, made: Deployment, net: Network, disk: Path, rounds: int) -> None:
        self.made = made
        self.network = net
        self.disk = disk
        self.rounds = rounds
        self.clocks: dict[str, Path] = {}
        self.order = made.folder / "order"
        self.starts = 0
        self._environments: dict[str, dict[str, str]] = {}
        self._sites: dict[str, Path] = {}

    def prepare(self) -> None:
        """Give every hospital its own slices and clock, and the altered program to the traitor."""
        self.made.make_credentials()
        for key in KEYS:
            home = self.made.folder / "machines" / key
            shutil.copytree(self.made.phantoms, home / "slices")
            self._environments[key] = {}
            if clock := own_clock(home):
                self.clocks[key], self._environments[key] = clock
            self._sites[key] = self.made.site(key, data_root=str(home / "slices"), cache_dir=str(self.cache(key)))
        self._environments[TRAITOR] |= tampered_program(self.made.folder / "machines" / TRAITOR, self.order)

    def cache(self, key: str) -> Path:
        """A hospital's cache folder, on a small disk of its own."""
        return self.disk.parent / f"disk-{key}" / "cache"

    def slices(self, key: str) -> Path:
        """A hospital's own copy of the phantoms."""
        return self.made.folder / "machines" / key / "slices"

    def mend(self) -> None:
        """Start whatever is not there, and wait until it is."""
        if not (self.made.serving and self.made.serving.is_alive):
            self.made.serve()
        missing = [key for key in KEYS if not (key in self.made.joined and self.made.joined[key].is_alive)]
        for process in [self.join(key) for key in missing]:
            process.until("connected to the centre")

    def join(self, key: str, site: Path | None = None) -> Process:
        """Start a hospital on its machine."""
        return self.made.join(key, site=site or self._sites[key], environment=self._environments[key])

    def site(self, key: str) -> Path:
        """A hospital's settings file."""
        return self._sites[key]

    def rejoin(self, key: str) -> None:
        """Stop a hospital and start it as it should be."""
        self.made.joined[key].stop()
        self.join(key).until("connected to the centre")

    def settings(self, strategy: str) -> list[str]:
        """The settings that a figure depends on."""
        rest = [text for text in self.made.overrides(self.rounds) if not text.startswith(("output_dir=", "train.lr="))]
        return [*rest, *_SETTINGS[strategy]]

    def run(self, strategy: str, *more: str) -> Process:
        """Start a run; its folder is the only one on the disk."""
        waits = ["strategy.wait_seconds=300", "strategy.timeout_seconds=900"]
        named = {text.partition("=")[0] for text in more}
        waits = [text for text in waits if text.partition("=")[0] not in named]
        return self._start(*self.settings(strategy), *waits, *more)

    def resume(self) -> Process:
        """Go on with the run on the disk."""
        return self._start(f"resume={self.folder.run_id}")

    def _start(self, *overrides: str) -> Process:
        self.starts += 1
        return self.made.run(*overrides, f"output_dir={self.disk}", name=f"start-{self.starts:03d}")

    @property
    def folder(self) -> RunFolder:
        """The run that is on the disk."""
        names = sorted(path.name for path in (self.disk / "artifacts").glob("run-*"))
        return RunFolder(self.disk, names[-1] if names else "run-000")

    def status(self) -> dict[str, object]:
        """What the run says of itself, empty before it says anything."""
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads(self.folder.status.read_text()))
        return {}

    def clear(self) -> None:
        """Take the run off the disk, with its log."""
        for name in ("artifacts", "logs"):
            shutil.rmtree(self.disk / name, ignore_errors=True)

    def reference(self, strategy: str) -> Path:
        """Run the same federation undisturbed in one process; return its weights."""
        folder = self.disk.parent / "reference" / strategy
        if not folder.exists():
            more = [f"output_dir={folder}", f"data.cache_dir={folder}/cache", f"data.root={self.made.phantoms}"]
            command = [sys.executable, "-m", "server.simulate", *self.settings(strategy), *more]
            own = {**os.environ, "OMP_NUM_THREADS": "1"}
            subprocess.run([*command, "compute.engine=inprocess"], check=True, capture_output=True, env=own)
        return RunFolder(folder, "run-001").best_weights

    def stranger(self, *arguments: str) -> Process:
        """Start the stranger's program on a machine that nobody knows."""
        self.starts += 1
        where = [self.made.host, str(self.made.port)]
        return self.made.start(
            f"stranger-{self.starts:03d}", "bench.soak.stranger", arguments[0], *where, *arguments[1:], where=STRANGER
        )

    def screens(self) -> dict[str, str]:
        """What every program has printed so far, by the name of its file."""
        return {path.stem: path.read_text(errors="replace") for path in sorted(self.made.folder.glob("*.out"))}


@contextlib.contextmanager
def stage(folder: Path, rounds: int) -> Iterator[Stage | None]:
    """Build everything, and tear it down whatever happens; None where this user may make no namespaces and no disks."""
    phantoms = folder / "phantoms"
    make_phantoms(phantoms, image_size=48, slices_per_class=16, seed=0)
    disks = {folder / "disk": _DISK} | {folder / f"disk-{key}": _OWN_DISK for key in KEYS}
    with contextlib.ExitStack() as stack:
        _heed_no_second_ctrl_c(stack)
        _use_own_temporary_folder(stack, folder / "tmp")
        try:
            for place, size in disks.items():  # first: a namespace sees no file system that is mounted later
                stack.enter_context(_disk(place, size))
        except (OSError, subprocess.CalledProcessError):
            yield None
            return
        net = stack.enter_context(network([*KEYS, STRANGER]))
        if net is None:
            yield None
            return
        (folder / "federation").mkdir()
        made = stack.enter_context(deployment(folder / "federation", phantoms, net.addresses["centre"]))
        made.network = net
        made.prefixes = {name: net.inside(name) for name in ("centre", STRANGER, *KEYS)}
        built = Stage(made, net, folder / "disk", rounds)
        stack.callback(_ignore_ctrl_c)  # the first thing of the tearing down
        built.prepare()
        yield built


def _ignore_ctrl_c() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _heed_no_second_ctrl_c(stack: contextlib.ExitStack) -> None:
    """Let an impatient second Ctrl-C not leave disks and namespaces behind; the last thing of the tearing down."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    stack.callback(lambda: [signal.signal(number, handler) for number, handler in before.items()])


@contextlib.contextmanager
def _disk(place: Path, size: str) -> Iterator[None]:
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True, capture_output=True)
    try:
        yield
    finally:
        for _ in range(20):  # somebody may still be on the way out
            if not subprocess.run(["umount", str(place)], capture_output=True, check=False).returncode:
                break
            time.sleep(0.5)


def _use_own_temporary_folder(stack: contextlib.ExitStack, place: Path) -> None:
    """Let every program put its temporary files where they can be counted."""
    place.mkdir()
    before = os.environ.get("TMPDIR")

    def restore() -> None:
        os.environ.pop("TMPDIR", None)
        if before is not None:
            os.environ["TMPDIR"] = before
        tempfile.tempdir = None

    os.environ["TMPDIR"], tempfile.tempdir = str(place), None
    stack.callback(restore)


def until_gone(stage: Stage, process: Process) -> None:
    """Wait until a process has ended."""
    wait_for(lambda: not process.is_alive, f"{process.name} to end")
