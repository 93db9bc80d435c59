"""A hospital's standing connection: Flower's SuperNode and its executor, restarted when they end by themselves."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from clients.site import SITE_FILE, SiteFile, write_site
from clients.supernode.log_translation import EXECUTOR, SUPERNODE, LogTranslator, Signs
from common import proxies
from common.cli import StopSignal
from common.keys import write_private
from common.text import command_line

_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 60.0
_STOP_SECONDS = 20.0
_STEADY_SECONDS = 120.0
_LAST_WORDS_SECONDS = 2.0


@dataclass(frozen=True)
class _Program:
    """A process, and the thread that listens to it."""

    process: subprocess.Popen[str]
    listener: threading.Thread

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None


class Connection:
    """Keeps a hospital connected.

    Parameters
    ----------
    home : Path
        The folder for Flower's own files and the log.
    on_wait : callable, optional
        Called while waiting, twice a second.
    """

    def __init__(
        self,
        site: SiteFile,
        home: Path,
        insecure: bool,
        console: Console,
        on_wait: Callable[[], None] | None = None,
    ) -> None:
        self._site = site
        self._home = home
        self._log = home / "supernode.log"
        self._insecure = insecure
        self._console = console
        self._on_wait = on_wait
        self._stop = StopSignal()

    def keep(self) -> None:
        """Stay connected until SIGINT or SIGTERM; while the centre is away or refuses, retries back off."""
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        pause = _FIRST_PAUSE
        name = self._site.hospital.name
        proxy = proxies.proxy_for(self._site.address[0])
        way = f" through the proxy {proxy}" if proxy else ""
        self._console.print(
            f"{name}: connecting to {self._site.superlink}{way}; Ctrl-C ends it. Details: {self._log}", markup=False
        )
        while not self._stop.is_set:
            started = time.monotonic()
            self._run_once()
            if self._stop.is_set:
                break
            pause = _FIRST_PAUSE if time.monotonic() - started > _STEADY_SECONDS else min(2 * pause, _LONGEST_PAUSE)
            self._console.print(
                f"The SuperNode ended; restarting it in {pause:.0f} s. If this repeats, find out why with: "
                f"python -m clients.preflight {self._preflight()}",
                markup=False,
            )
            self._stop.wait(pause)
        self._console.print(f"{name}: disconnected.")

    def _preflight(self) -> str:
        """Return the flags of the preflight, with the settings that this program was started with."""
        words = ("--config", str(self._home / "site.yaml"), *(["--insecure"] if self._insecure else []))
        return command_line(*words)

    def _run_once(self) -> None:
        """Keep the SuperNode and its executor until one of them ends or gives up, and then end both.

        A SuperNode whose run ended while it fetched a message has given up, too: Flower leaves the message with it, so
        that its process waits for hours, or sends its answer in the place of the next one, for which the centre waits.
        """
        translator = LogTranslator(self._log, lambda line: self._console.print(line, markup=False))
        programs = [self._start(self._supernode(), translator, SUPERNODE)]
        try:
            programs.append(self._start(self._executor(programs[0].process.pid), translator, EXECUTOR))
            while not (translator.has_given_up or any(program.has_ended for program in programs)):
                if self._on_wait:
                    self._on_wait()
                if self._stop.wait(0.5):
                    break
            if translator.has_given_up:
                self._stop.wait(_LAST_WORDS_SECONDS)
        finally:
            for program in programs:
                if program.has_ended:  # by itself: what it said last is the reason
                    program.listener.join(_LAST_WORDS_SECONDS)
            translator.mute()
            for program in programs:
                _end_group(program.process)
                program.listener.join(_LAST_WORDS_SECONDS)
            translator.close()

    def _start(self, command: list[str], translator: LogTranslator, signs: Signs) -> _Program:
        """Start a program in a process group of its own, and listen to it."""
        process = subprocess.Popen(
            command,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert process.stdout is not None
        listener = threading.Thread(target=translator.follow, args=(process.stdout, signs), daemon=True)
        listener.start()
        return _Program(process, listener)

    def _supernode(self) -> list[str]:
        site = self._site
        command = [str(Path(sys.executable).parent / "flower-supernode"), "--superlink", site.superlink]
        command += ["--isolation", "process", "--superexec-auth-secret-file", str(self._secret())]
        command += ["--host", "127.0.0.1", "--port", str(site.port)]
        settings = write_site(site, self._home / "site.yaml")  # with the flags in it: each message's process reads it
        command += ["--node-config", f"{SITE_FILE}={json.dumps(str(settings))}"]
        if self._insecure:
            return [*command, "--insecure"]
        command += ["--root-certificates", str(site.root_certificate)]
        return [*command, "--auth-supernode-private-key", str(site.private_key)]

    def _executor(self, supernode: int) -> list[str]:
        command = [sys.executable, "-m", "clients.supernode.executor"]
        command += ["--runtime-api-address", f"127.0.0.1:{self._site.port}"]
        return [*command, "--secret-file", str(self._home / "secret"), "--parent-pid", str(supernode)]

    def _secret(self) -> Path:
        """Make a secret that only this SuperNode and its executor share: other users of the machine get no message."""
        path = self._home / "secret"
        path.unlink(missing_ok=True)
        write_private(path, secrets.token_hex(32).encode())
        return path

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        own = {"FLWR_HOME": str(self._home), "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.2", "PYTHONUNBUFFERED": "1"}
        return {**proxies.environment_for(self._site.address[0]), **own, "PATH": path}


def _end_group(process: subprocess.Popen[str]) -> None:
    """End the SuperNode and everything that it started; Flower's own helpers would linger for minutes."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
