"""``python -m clients.join --config hospital.yaml``: connect this hospital to the federation, and stay connected."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

import common.quiet  # noqa: F401  (before the first import of flwr)
from clients.join_flags import add_site_flags, site_from
from clients.site_file import SITE_FILE, SiteFile, write_site
from common.errors import InputError, ProjectError
from common.keys import load_private, write_private

_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 60.0
_STOP_SECONDS = 20.0
_STEADY_SECONDS = 120.0


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = argparse.ArgumentParser(
        prog="python -m clients.join",
        description="Connect this hospital to the federation. Slices stay here: only weights and counts are sent.",
    )
    add_site_flags(command)
    command.add_argument("--skip-preflight", action="store_true", help="connect without looking whether it can work")
    command.add_argument(
        "--insecure", action="store_true", help="no TLS and no key; only to a centre on this very machine"
    )
    command.add_argument("--home", type=Path, help="folder for Flower's own files (default: beside the settings file)")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop.

    Returns
    -------
    int
        0 stopped, 1 refused by the centre, 2 something here is wrong.
    """
    given = parser().parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    try:
        site = site_from(given)
        _check(site, given)
        if not given.skip_preflight:
            from clients.preflight import require_ready

            require_ready(site, console, given.insecure)
        _Connection(site, given, console).keep()
    except ProjectError as error:
        print(f"error {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _check(site: SiteFile, given: argparse.Namespace) -> None:
    if given.insecure:
        if site.address[0] not in ("127.0.0.1", "localhost", "::1"):
            raise InputError("JOIN001", f"--insecure is for this machine only, and {site.superlink} is another one.")
        return
    load_private(site.private_key)
    if site.root_certificate is None or not site.root_certificate.is_file():
        raise InputError("JOIN002", f"root_certificate {site.root_certificate} is missing; the centre has ca.crt.")


class _Connection:
    """Flower's SuperNode in a process of its own, started anew when it ends by itself."""

    def __init__(self, site: SiteFile, given: argparse.Namespace, console: Console) -> None:
        self._site = site
        self._console = console
        self._home = (given.home or site.path.parent / ".federation" / site.hospital.key).resolve()
        self._insecure = given.insecure
        self._stop = threading.Event()

    def keep(self) -> None:
        """Stay connected until SIGINT or SIGTERM; a centre that is away or refuses is asked again ever less often."""
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked_to_stop)
        pause = _FIRST_PAUSE
        self._console.print(f"{self._site.hospital.name}: connecting to {self._site.superlink}; Ctrl-C ends it.")
        while not self._stop.is_set():
            started = time.monotonic()
            self._run_once()
            if self._stop.is_set():
                break
            pause = _FIRST_PAUSE if time.monotonic() - started > _STEADY_SECONDS else min(2 * pause, _LONGEST_PAUSE)
            self._console.print(
                f"The SuperNode ended; starting it again in {pause:.0f} s. If this repeats, find out why with: "
                f"python -m clients.preflight --config {self._site.path}"
            )
            self._stop.wait(pause)
        self._console.print(f"{self._site.hospital.name}: disconnected.")

    def _run_once(self) -> None:
        """Keep the SuperNode and its executor until one of them ends, and then end both."""
        processes = [subprocess.Popen(self._supernode(), env=self._environment(), start_new_session=True)]
        try:
            command = self._executor(processes[0].pid)
            processes.append(subprocess.Popen(command, env=self._environment(), start_new_session=True))
            while not any(process.poll() is not None for process in processes) and not self._stop.wait(0.5):
                pass
        finally:
            for process in processes:
                _end_group(process)

    def _supernode(self) -> list[str]:
        site = self._site
        command = [str(Path(sys.executable).parent / "flower-supernode"), "--superlink", site.superlink]
        command += ["--isolation", "process", "--superexec-auth-secret-file", str(self._secret())]
        command += ["--host", "127.0.0.1", "--port", str(site.port)]
        command += ["--node-config", f"{SITE_FILE}={json.dumps(str(self._effective_file()))}"]
        if self._insecure:
            return [*command, "--insecure"]
        command += ["--root-certificates", str(site.root_certificate)]
        return [*command, "--auth-supernode-private-key", str(site.private_key)]

    def _executor(self, supernode: int) -> list[str]:
        command = [sys.executable, "-m", "clients.executor", "--runtime-api-address", f"127.0.0.1:{self._site.port}"]
        return [*command, "--secret-file", str(self._home / "secret"), "--parent-pid", str(supernode)]

    def _secret(self) -> Path:
        """Make a secret that only this SuperNode and its executor share: other users of the machine get no message."""
        path = self._home / "secret"
        path.unlink(missing_ok=True)
        write_private(path, secrets.token_hex(32).encode())
        return path

    def _effective_file(self) -> Path:
        """Write down the settings with the flags in them, so that each message's process reads the same."""
        return write_site(self._site, self._home / "site.yaml")

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        own = {"FLWR_HOME": str(self._home), "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.2"}
        return {**os.environ, **own, "PATH": path}

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the SuperNode and everything that it started; Flower's own helpers would linger for minutes."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    sys.exit(main())
