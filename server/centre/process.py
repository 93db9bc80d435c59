"""The SuperLink seen from outside: started in a process of its own, followed by its log, ended when asked."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from common.cli import StopSignal
from common.errors import RunError
from server.centre.layout import Centre

_START_SECONDS = 180.0
_STOP_SECONDS = 20.0
_IN_MEMORY = ":flwr-in-memory:"


class SuperLinkProcess:
    """A SuperLink that runs from the moment this is made; `log` gets what it prints."""

    def __init__(self, centre: Centre, host: str, port: int, log: Path, insecure: bool) -> None:
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            self._read_until = file.tell()
            self._process = subprocess.Popen(
                _command(centre, host, port, insecure), env=_environment(centre), stdout=file, stderr=file
            )

    def wait_until_up(self, host: str, port: int, stop: StopSignal) -> None:
        """Wait until it answers, or somebody asks to stop.

        Raises
        ------
        RunError
            ``CENTRE003`` if it ends, or does not answer in three minutes.
        """
        deadline = time.monotonic() + _START_SECONDS
        while not stop.is_set:
            if self._process.poll() is not None or time.monotonic() > deadline:
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
        with self._log.open("rb") as file:
            file.seek(self._read_until)
            content = file.read()
        end = content.rfind(b"\n") + 1
        self._read_until += end
        for line in content[:end].decode(errors="replace").splitlines():
            if "refused " in line:
                on_refusal(line[line.index("refused ") :])

    def end(self) -> None:
        """Let the SuperLink end its ServerApp, then insist."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _command(centre: Centre, host: str, port: int, insecure: bool) -> list[str]:
    command = [sys.executable, "-m", "server.centre.superlink", "--host", host, "--port", str(port)]
    command += ["--database", _IN_MEMORY, "--disable-runtime-dependency-installation"]
    if insecure:
        return [*command, "--insecure"]
    command += ["--ssl-ca-certfile", str(centre.ca_certificate), "--ssl-certfile", str(centre.certificate)]
    return [*command, "--ssl-keyfile", str(centre.key), "--enable-supernode-auth"]


def _environment(centre: Centre) -> dict[str, str]:
    own = {"FEDERATION_PUBLIC_KEYS": str(centre.hospitals), "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.2"}
    return {**centre.environment(), **own, "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1"}
