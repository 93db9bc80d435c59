"""The SuperLink: started in a process of its own, watched and ended when asked; behind this project's gate.

That process (``python -m server.centre.superlink``, flags as ``flower-superlink``) stands on four seams of Flower
1.41: the extension hook for middleware, the call of uvicorn, the store of what travels, and the entry point. A contract
test tells when one moves.
"""

import contextlib
import importlib
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

from common.cli import StopSignal
from common.errors import RunError
from common.parent import leave_with_parent
from common.waiting import Patience
from server.centre.layout import CENTRE_VARIABLE, SIGNERS_VARIABLE, Centre
from server.centre.log_size import LOG, Seldom, move_old_lines, only_failures
from server.centre.refusals import CHANNEL
from server.centre.registration import register_first, report_of

_IDLE_SECONDS = 180.0
_STOP_SECONDS = 20.0
_IN_MEMORY = ":flwr-in-memory:"
_GIVE_BACK = "MALLOC_MMAP_THRESHOLD_"  # glibc: buffers from this size on go back to the machine once they are free


class SuperLink:
    """A SuperLink that runs from the moment this is made; `log` gets what it prints."""

    def __init__(self, centre: Centre, host: str, port: int, log: Path, insecure: bool) -> None:
        self._log = log
        self._refusals, refusals = os.pipe()
        os.set_blocking(self._refusals, False)
        os.set_blocking(refusals, False)  # the SuperLink never waits for whoever reads
        self._begun = b""  # of a line
        log.parent.mkdir(parents=True, exist_ok=True)
        report_of(centre).unlink(missing_ok=True)
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                _command(centre, host, port, insecure),
                env=_environment(centre, log, refusals, insecure),
                stdout=file,
                stderr=file,
                pass_fds=[refusals],
            )
        os.close(refusals)

    def wait_until_up(self, host: str, port: int, stop: StopSignal) -> None:
        """Wait until it answers, or somebody asks to stop.

        Raises
        ------
        RunError
            ``CENTRE003`` if it ends, or neither answers nor works for three minutes.
        """
        patience = Patience(self._process.pid, _IDLE_SECONDS)
        while not stop.is_set:
            if self._process.poll() is not None or patience.is_over():
                raise RunError("CENTRE003", f"The SuperLink could not be started; {self._log} says why.")
            try:
                socket.create_connection((host, port), timeout=2).close()
                return
            except OSError:
                stop.wait(0.3)

    def watch(self, on_refusal: Callable[[str], None]) -> None:
        """Show what was refused since the last look.

        Raises
        ------
        RunError
            ``CENTRE003`` if the process has ended.
        """
        if self._process.poll() is not None:
            raise RunError("CENTRE003", f"The SuperLink ended by itself; {self._log} says why.")
        with contextlib.suppress(BlockingIOError):
            while content := os.read(self._refusals, 65_536):
                *lines, self._begun = (self._begun + content).split(b"\n")
                for line in lines:
                    on_refusal(line.decode(errors="replace"))

    def end(self) -> None:
        """Let the SuperLink end its ServerApp, then insist."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        os.close(self._refusals)


def _command(centre: Centre, host: str, port: int, insecure: bool) -> list[str]:
    command = [sys.executable, "-m", "server.centre.superlink", "--host", host, "--port", str(port)]
    command += ["--database", _IN_MEMORY, "--disable-runtime-dependency-installation"]
    if insecure:
        return [*command, "--insecure"]
    command += ["--ssl-ca-certfile", str(centre.ca_certificate), "--ssl-certfile", str(centre.certificate)]
    return [*command, "--ssl-keyfile", str(centre.key), "--enable-supernode-auth"]


def _environment(centre: Centre, log: Path, refusals: int, insecure: bool) -> dict[str, str]:
    own = {"FEDERATION_PUBLIC_KEYS": str(centre.hospitals), "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.2"}
    own |= {LOG: str(log.resolve()), CHANNEL: str(refusals), "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1"}
    own |= {"FEDERATION_REGISTERED": str(report_of(centre)), _GIVE_BACK: "131072"}
    own |= {CENTRE_VARIABLE: str(centre.folder), SIGNERS_VARIABLE: "" if insecure else str(centre.hospitals)}
    return {**centre.environment(), **own}


def main() -> None:
    """Run the SuperLink until it is told to stop; the command line is that of ``flower-superlink``."""
    from flwr.supercore.object_store import object_store_factory
    from flwr.supercore.object_store.in_memory_object_store import InMemoryObjectStore
    from flwr.superlink import extensions
    from starlette.middleware import Middleware

    from server.centre.connections import Connections
    from server.centre.gate import Gate
    from server.centre.held_objects import HeldObjects
    from server.centre.listener import serve
    from server.centre.refusals import Refusals, to_log_and_screen

    os.environ.pop(_GIVE_BACK, None)  # it is read once at the start; the run has larger tensors and does without
    command = importlib.import_module("flwr.superlink.cli.flower_superlink")
    connections, refusals = Connections(), Refusals(to_log_and_screen)
    store = InMemoryObjectStore()
    object_store_factory.InMemoryObjectStore = lambda: store
    gate = Middleware(
        Gate,
        public_keys=Path(os.environ.get("FEDERATION_PUBLIC_KEYS", ".")),
        demands_keys="--insecure" not in sys.argv,
        connections=connections,
        refusals=refusals,
        held=HeldObjects(store),
    )
    extensions.get_middleware = lambda: (gate,)
    sys.modules["uvloop"] = None  # type: ignore[assignment]  # asyncio's own loop asks the listener, and names who failed
    for name in ("asyncio", "uvicorn.error"):
        logging.getLogger(name).addFilter(Seldom())
    logging.getLogger("uvicorn.access").addFilter(only_failures)
    written = os.environ.get(LOG)
    if written:  # `server.serve` started it; without that, nobody would follow the keys and show refusals
        leave_with_parent()
    each_second = partial(move_old_lines, Path(written)) if written else lambda: None
    listen = partial(serve, connections=connections, refusals=refusals, each_second=each_second)
    if "FEDERATION_REGISTERED" in os.environ and "--enable-supernode-auth" in sys.argv:
        register_first(Path(os.environ["FEDERATION_PUBLIC_KEYS"]), Path(os.environ["FEDERATION_REGISTERED"]))
    command.uvicorn = SimpleNamespace(run=listen)  # type: ignore[attr-defined]
    command.flower_superlink()


if __name__ == "__main__":
    main()
