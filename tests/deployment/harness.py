"""A real federation for tests: SuperLink, SuperNodes, TLS and keys, each in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil

from common.config.hydra import load_hospital
from tests.deployment.network import Network
from tests.support.small_network_row import EVERYWHERE

ROOT = Path(__file__).resolve().parents[2]
KEYS = ["phantom_jaipur", "phantom_hyderabad", "phantom_kolkata"]
NAMES = {
    "phantom_jaipur": "Phantom Jaipur",
    "phantom_hyderabad": "Phantom Hyderabad",
    "phantom_kolkata": "Phantom Kolkata",
}
PATIENCE = 900.0  # seconds for one thing to happen, rounds of a busy machine among them; a deadline, not an expectation


def _heed_ctrl_c() -> None:
    """Undo what a shell does to programs that it starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Process:
    """A command with its output in a file, and its whole family gone at the end."""

    def __init__(
        self,
        command: list[str],
        folder: Path,
        name: str,
        environment: Mapping[str, str] | None = None,
        where: Path | None = None,
    ) -> None:
        self.output = folder / f"{name}.out"
        self.name = name
        own = {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
        with self.output.open("ab") as file:
            self._start = file.tell()
            self.popen = subprocess.Popen(
                command,
                cwd=where or folder,
                env={**os.environ, **own, **(environment or {})},
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_heed_ctrl_c,
            )

    @property
    def text(self) -> str:
        """What it printed; another process of this name may have used the file before."""
        return self.output.read_bytes()[self._start :].decode(errors="replace")

    @property
    def is_alive(self) -> bool:
        return self.popen.poll() is None

    def until(self, sign: str, patience: float = PATIENCE) -> None:
        """Wait for a text in the output."""
        wait_for(lambda: sign in self.text, f"{self.name} to say '{sign}'", self, patience)

    def finish(self, patience: float = PATIENCE) -> int:
        """Wait for the end and return the exit code."""
        wait_for(lambda: self.popen.poll() is not None, f"{self.name} to end", None, patience)
        return int(self.popen.returncode)

    def family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.popen.pid)
            return [parent, *parent.children(recursive=True)]
        return []

    def find(self, word: str) -> psutil.Process | None:
        """Return the descendant whose command line holds a word."""
        for process in self.family():
            with contextlib.suppress(psutil.Error):
                if word in " ".join(process.cmdline()):
                    return process
        return None

    def at_work(self) -> psutil.Process | None:
        """Return a hospital's process that answers a message now."""
        for each in self.family():
            with contextlib.suppress(psutil.Error):
                parent = each.parent()
                if parent and all("forkserver" in " ".join(one.cmdline()) for one in (parent, each)):
                    return each
        return None

    def kill(self) -> None:
        """End everything at once, without asking."""
        for process in reversed(self.family()):
            with contextlib.suppress(psutil.Error):
                process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> int:
        """Ask for the end, as Ctrl-C does."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGINT)
        return self.finish(60)


def wait_for(
    condition: Callable[[], object], what: str, process: Process | None = None, patience: float = PATIENCE
) -> None:
    """Wait until something is so; fail with the last output if it does not come."""
    end = time.monotonic() + patience
    while not condition():
        if process is not None and process.popen.poll() is not None and not condition():
            raise AssertionError(f"waited for {what}, but it ended:\n{process.text[-4000:]}")
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}\n{process.text[-4000:] if process else ''}")
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Deployment:
    """A centre and its hospitals in one folder.

    With `small_network` every process trains `tests.support.small_network` in place of ResNet18.
    """

    def __init__(self, folder: Path, phantoms: Path, host: str = "127.0.0.1", small_network: bool = False) -> None:
        self.folder = folder
        self.environment = EVERYWHERE if small_network else {}
        self.phantoms = phantoms
        self.host = host
        self.port = free_port()
        self.credentials = folder / "credentials"
        self.everywhere: dict[str, object] = {}  # what every hospital's settings file says beside the rest
        self.processes: list[Process] = []
        self.joined: dict[str, Process] = {}
        self.prefixes: dict[str, list[str]] = {}  # e.g. ["ip", "netns", "exec", "..."]
        self.network: Network | None = None
        self.serving: Process | None = None

    def make_credentials(self, *keys: str) -> None:
        arguments = ["--out", str(self.credentials), "--address", self.host, "--port", str(self.port)]
        for key in keys or KEYS:
            arguments += ["--hospital", key]
        subprocess.run(
            [sys.executable, "-m", "server.credentials", *arguments], cwd=ROOT, check=True, capture_output=True
        )

    def site(self, key: str, **changes: object) -> Path:
        """Fill in a hospital's settings file, as its IT person would; return it."""
        from omegaconf import OmegaConf

        path = self.credentials / "handout" / key / "hospital.yaml"
        config = OmegaConf.load(path)
        config.update({"data_root": str(self.phantoms), "port": free_port(), **self.everywhere, **changes})
        target = path.with_name(f"{key}.yaml")
        OmegaConf.save(config, target)
        return target

    def start(
        self, name: str, *arguments: str, where: str = "centre", environment: Mapping[str, str] | None = None
    ) -> Process:
        """Start one of this project's programs on a machine."""
        command = [*self.prefixes.get(where, []), sys.executable, "-m", *arguments]
        self.processes.append(Process(command, self.folder, name, {**self.environment, **(environment or {})}))
        return self.processes[-1]

    def serve(self, *flags: str) -> Process:
        """Start the centre, and wait until every key is registered."""
        at = ["--credentials", str(self.credentials), "--host", self.host, "--port", str(self.port)]
        self.serving = self.start("serve", "server.serve", *at, *flags)
        self.serving.until("Ready.")
        return self.serving

    def join(
        self, key: str, *flags: str, site: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> Process:
        """Start a hospital."""
        command = ["clients.join", "--config", str(site or self.site(key)), "--skip-preflight", *flags]
        self.joined[key] = self.start(key, *command, where=key, environment=environment)
        return self.joined[key]

    def stand(self) -> None:
        """Start what is not there, the centre and every hospital; wait until all are connected."""
        if not (self.serving and self.serving.is_alive):
            self.serve()
        missing = [key for key in KEYS if not (key in self.joined and self.joined[key].is_alive)]
        for process in [self.join(key) for key in missing]:
            process.until("connected to the centre")

    def run(self, *overrides: str, name: str = "run") -> Process:
        return self.start(name, "server.run", "--credentials", str(self.credentials), *overrides)

    def overrides(self, rounds: int = 2, keys: list[str] | None = None) -> list[str]:
        return [
            f"hospitals=[{','.join(keys or KEYS)}]",
            "data.image_size=32",
            f"rounds={rounds}",
            "train.lr=1e-3",
            "compute.threads=1",
            f"output_dir={self.folder}",
        ]

    def read(self, name: str, run: str = "run-001") -> object:
        return json.loads((self.folder / "artifacts" / run / f"{name}.json").read_text())

    def history(self, run: str = "run-001") -> list[dict]:
        path = self.folder / "artifacts" / run / "training_history.json"
        return json.loads(path.read_text()) if path.exists() else []

    def rounds_done(self, run: str = "run-001") -> int:
        path = self.folder / "artifacts" / run / "status.json"
        return int(json.loads(path.read_text())["round"]) if path.exists() else -1

    @property
    def weights(self) -> Path:
        return self.folder / "artifacts" / "run-001" / "global_model.pth"

    def log(self) -> str:
        return (self.folder / "logs" / "superlink.log").read_text(errors="replace")

    def end(self) -> None:
        """Leave nothing behind, whatever happened."""
        for process in reversed(self.processes):
            process.kill()
        try:
            self.wait_until_all_is_gone(30)
        finally:
            for process in self.left_over():
                process.kill()

    def wait_until_all_is_gone(self, patience: float) -> None:
        try:
            wait_for(lambda: not self.left_over(), "every process to go", patience=patience)
        except AssertionError as vain:
            left = [f"{each.pid} {each.status()} {' '.join(each.cmdline())}" for each in self.left_over()]
            raise AssertionError("\n".join([str(vain), *left])) from None

    def left_over(self) -> list[psutil.Process]:
        """Return the processes that still work in this federation's folder, or with files of it."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                says = f"{process.cwd()}/ {' '.join(process.cmdline())}"
                if f"{self.folder}/" in says and process.pid != os.getpid():
                    found.append(process)
        return found


@contextlib.contextmanager
def deployment(
    folder: Path, phantoms: Path, host: str = "127.0.0.1", small_network: bool = False
) -> Iterator[Deployment]:
    made = Deployment(folder, phantoms, host, small_network)
    try:
        yield made
    finally:
        made.end()


def hospital_name(key: str) -> str:
    return load_hospital(key).name
