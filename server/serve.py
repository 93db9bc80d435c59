"""``python -m server.serve``: the centre's SuperLink, with TLS, and with a key for every hospital."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

import common.quiet  # noqa: F401  (before the first import of flwr)
from common.errors import InputError, ProjectError, RunError
from server.centre.layout import DEFAULT_FOLDER, DEFAULT_PORT, Centre, open_centre, write_connection
from server.centre.readiness import CertificateWatch, is_loopback, require_certificate, require_free
from server.centre.registry import Registry

_START_SECONDS = 180.0
_FOLLOW_SECONDS = 10.0
_STOP_SECONDS = 20.0
_IN_MEMORY = ":flwr-in-memory:"


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = argparse.ArgumentParser(
        prog="python -m server.serve", description="Start the SuperLink and register the hospitals' public keys."
    )
    command.add_argument("--credentials", type=Path, default=DEFAULT_FOLDER, help="of python -m server.credentials")
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    command.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"(default: {DEFAULT_PORT})")
    command.add_argument("--log", type=Path, default=Path("logs/superlink.log"), help="the SuperLink's own log")
    command.add_argument(
        "--insecure",
        action="store_true",
        help="no TLS and no keys; refused unless --host is a loopback address. For trying things out.",
    )
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop.

    Returns
    -------
    int
        0 stopped, 1 the SuperLink failed, 2 refused.
    """
    given = parser().parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    try:
        serve(given, console)
    except ProjectError as error:
        print(f"error {error}", file=sys.stderr)
        return error.exit_code
    return 0


def serve(given: argparse.Namespace, console: Console) -> None:
    """Start, register, say what is where, and stay."""
    if given.insecure and not is_loopback(given.host):
        raise InputError(
            "CENTRE004",
            f"--insecure serves this machine only, and {given.host} is not a loopback address; leave it out.",
        )
    centre = Centre(given.credentials.resolve()) if given.insecure else open_centre(given.credentials)
    require_free(given.host, given.port)
    local = "127.0.0.1" if given.host in ("0.0.0.0", "::") else given.host
    if not given.insecure:
        require_certificate(centre.certificate, local)
    write_connection(centre, f"{local}:{given.port}", given.insecure)
    given.log.parent.mkdir(parents=True, exist_ok=True)
    stop = _StopFlag()
    with given.log.open("ab") as log:
        process = subprocess.Popen(_command(centre, given), env=_environment(centre), stdout=log, stderr=log)
    try:
        _wait_until_up(process, local, given.port, given.log, stop)
        console.print(f"SuperLink on {given.host}:{given.port}, log {given.log.resolve()}")
        if given.insecure:
            console.print("[yellow]INSECURE: no TLS, no keys; for trying things out on this machine.[/]")
        _stay(process, centre, given, console, stop)
    finally:
        _end(process)
    console.print("SuperLink stopped.")


def _command(centre: Centre, given: argparse.Namespace) -> list[str]:
    command = [sys.executable, "-m", "server.centre.superlink", "--host", given.host, "--port", str(given.port)]
    command += ["--database", _IN_MEMORY, "--disable-runtime-dependency-installation"]
    if given.insecure:
        return [*command, "--insecure"]
    command += ["--ssl-ca-certfile", str(centre.ca_certificate), "--ssl-certfile", str(centre.certificate)]
    return [*command, "--ssl-keyfile", str(centre.key), "--enable-supernode-auth"]


def _environment(centre: Centre) -> dict[str, str]:
    own = {"FEDERATION_PUBLIC_KEYS": str(centre.hospitals), "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.2"}
    return {**centre.environment(), **own, "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1"}


def _stay(
    process: subprocess.Popen[bytes], centre: Centre, given: argparse.Namespace, console: Console, stop: _StopFlag
) -> None:
    """Follow the folder of keys, watch the certificate, and show refusals, until told to stop."""
    registry = Registry(centre)
    watch = None if given.insecure else CertificateWatch(centre.certificate)
    refusals = _Refusals(given.log)
    following = 0.0
    ready = False
    while not stop.asked:
        if process.poll() is not None:
            raise RunError("CENTRE003", f"The SuperLink ended by itself; {given.log} says why.")
        if watch and time.monotonic() - following >= _FOLLOW_SECONDS:
            for sentence in [*registry.follow(), *watch.news()]:
                console.print(sentence)
            following = time.monotonic()
        if not ready:
            ready = True
            console.print("Ready. Start a run with: python -m server.run   Stop with Ctrl-C.")
        for line in refusals.new():
            console.print(f"[yellow]{line}[/]")
        time.sleep(0.5)


class _StopFlag:
    """Set by Ctrl-C or SIGTERM."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


class _Refusals:
    """Reads a growing log for lines about refused callers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size

    def new(self) -> list[str]:
        with self._path.open("rb") as file:
            file.seek(self._offset)
            content = file.read()
        end = content.rfind(b"\n") + 1
        self._offset += end
        lines = content[:end].decode(errors="replace").splitlines()
        return [line[line.index("refused ") :] for line in lines if "refused " in line]


def _wait_until_up(process: subprocess.Popen[bytes], host: str, port: int, log: Path, stop: _StopFlag) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not stop.asked:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RunError("CENTRE003", f"The SuperLink could not be started; {log} says why.")
        try:
            socket.create_connection((host, port), timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the SuperLink end its ServerApp, then insist."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
