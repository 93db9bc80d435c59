"""The SuperLink: started in a process of its own, followed by its log and ended when asked; behind this project's gate.

That process (``python -m server.centre.superlink``, flags as ``flower-superlink``) stands on two seams of Flower 1.41:
the extension hook for middleware, and the entry point. A contract test tells when one of them moves.
"""

import asyncio.sslproto
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.cli import StopSignal
from common.errors import RunError
from server.centre.layout import CENTRE_VARIABLE, SIGNERS_VARIABLE, Centre
from server.centre.registration import register_first, report_of

_START_SECONDS = 180.0
_STOP_SECONDS = 20.0
_IN_MEMORY = ":flwr-in-memory:"

log = logging.getLogger("flwr")


class SuperLink:
    """A SuperLink that runs from the moment this is made; `log` gets what it prints."""

    def __init__(self, centre: Centre, host: str, port: int, log: Path, insecure: bool) -> None:
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        report_of(centre).unlink(missing_ok=True)
        with log.open("ab") as file:
            self._read_until = file.tell()
            self._process = subprocess.Popen(
                _command(centre, host, port, insecure), env=_environment(centre, insecure), stdout=file, stderr=file
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


def _environment(centre: Centre, insecure: bool) -> dict[str, str]:
    own = {"FEDERATION_PUBLIC_KEYS": str(centre.hospitals), "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.2"}
    own["FEDERATION_REGISTERED"] = str(report_of(centre))
    own |= {CENTRE_VARIABLE: str(centre.folder), SIGNERS_VARIABLE: "" if insecure else str(centre.hospitals)}
    return {**centre.environment(), **own, "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1"}


def main() -> None:
    """Run the SuperLink until it is told to stop; the command line is that of ``flower-superlink``."""
    from flwr.superlink import extensions
    from flwr.superlink.cli.flower_superlink import flower_superlink
    from starlette.middleware import Middleware

    from server.centre.gate import Gate

    gate = Middleware(Gate, public_keys=Path(os.environ.get("FEDERATION_PUBLIC_KEYS", ".")))
    extensions.get_middleware = lambda: (gate,)
    sys.modules["uvloop"] = None  # type: ignore[assignment]  # asyncio's own loop can name who failed the handshake
    _name_failed_handshakes()
    if "--enable-supernode-auth" in sys.argv:
        register_first(Path(os.environ["FEDERATION_PUBLIC_KEYS"]), Path(os.environ["FEDERATION_REGISTERED"]))
    logging.getLogger("uvicorn.access").addFilter(_only_refusals)
    flower_superlink()


def _only_refusals(record: logging.LogRecord) -> bool:
    """Keep the polls of every node, several a second, out of the log."""
    arguments = record.args
    return not (isinstance(arguments, tuple) and isinstance(arguments[-1], int) and arguments[-1] < 400)


def _name_failed_handshakes() -> None:
    """Write down who could not agree on TLS; asyncio keeps that to itself."""
    fatal: Callable[..., Any] | None = getattr(asyncio.sslproto.SSLProtocol, "_fatal_error", None)
    if fatal is None:
        return

    def naming(protocol: Any, error: BaseException, *rest: Any) -> Any:
        if not isinstance(error, ssl.SSLError):  # somebody who only looked whether the port is open
            return fatal(protocol, error, *rest)
        transport = getattr(protocol, "_transport", None)
        peer = transport.get_extra_info("peername") if transport else None
        reason = getattr(error, "reason", None) or type(error).__name__
        said = "it speaks plain text" if reason == "HTTP_REQUEST" else f"TLS failed, {reason}"
        log.warning("refused %s: %s", peer[0] if peer else "an unknown address", said)
        return fatal(protocol, error, *rest)

    setattr(asyncio.sslproto.SSLProtocol, "_fatal_error", naming)  # noqa: B010


if __name__ == "__main__":
    main()
