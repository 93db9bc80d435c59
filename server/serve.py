"""``python -m server.serve``: the centre's SuperLink, with TLS, and with a key for every hospital."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from common import cli
from common.addresses import is_loopback
from common.errors import InputError
from server.centre import layout, readiness
from server.centre.registry import Registry
from server.centre.superlink import SuperLink

_FOLLOW_SECONDS = 10.0


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command("server.serve", "Start the SuperLink and register the hospitals' public keys.")
    command.add_argument(
        "--credentials", type=Path, default=layout.DEFAULT_FOLDER, help="of python -m server.credentials"
    )
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    command.add_argument("--port", type=int, default=layout.DEFAULT_PORT, help=f"(default: {layout.DEFAULT_PORT})")
    command.add_argument("--log", type=Path, default=Path("logs/superlink.log"), help="the SuperLink's own log")
    command.add_argument(
        "--insecure",
        action="store_true",
        help="no TLS and no keys; refused unless --host is a loopback address. For trying things out.",
    )
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; 0 stopped, 1 the SuperLink failed, 2 refused."""
    return cli.run(serve, parser(), arguments)


def serve(given: argparse.Namespace) -> None:
    """Start, register, say what is where, and stay."""
    console = Console(highlight=False, soft_wrap=True)
    local = "127.0.0.1" if given.host in ("0.0.0.0", "::") else given.host
    centre = _checked_centre(given, local)
    layout.write_connection(centre, f"{local}:{given.port}", given.insecure)
    stop = cli.StopSignal()
    superlink = SuperLink(centre, given.host, given.port, given.log, given.insecure)
    try:
        superlink.wait_until_up(local, given.port, stop)
        console.print(f"SuperLink on {given.host}:{given.port}, log {given.log.resolve()}")
        if given.insecure:
            console.print("[yellow]INSECURE: no TLS, no keys; for trying things out on this machine.[/]")
        _stay(superlink, centre, given.insecure, console, stop)
    finally:
        superlink.end()
    console.print("SuperLink stopped.")


def _checked_centre(given: argparse.Namespace, local: str) -> layout.Centre:
    """Refuse what could not work before anything is started; `local` is how this machine reaches the SuperLink."""
    if given.insecure and not is_loopback(given.host):
        raise InputError(
            "CENTRE004",
            f"--insecure serves this machine only, and {given.host} is not a loopback address; leave it out.",
        )
    centre = layout.Centre(given.credentials.resolve()) if given.insecure else layout.open_centre(given.credentials)
    readiness.require_free(given.host, given.port)
    if not given.insecure:
        readiness.require_certificate(centre.certificate, local)
    return centre


def _stay(superlink: SuperLink, centre: layout.Centre, insecure: bool, console: Console, stop: cli.StopSignal) -> None:
    """Follow the folder of keys, watch the certificate, and show refusals, until told to stop."""
    registry = Registry(centre)
    certificate = None if insecure else readiness.CertificateWatch(centre.certificate)
    followed, is_ready = 0.0, False
    while not stop.is_set:
        superlink.watch(lambda refusal: console.print(refusal, style="yellow", markup=False))
        if certificate and time.monotonic() - followed >= _FOLLOW_SECONDS:
            for sentence in [*registry.follow(), *certificate.news()]:
                console.print(sentence, markup=False)
            followed = time.monotonic()
        if not is_ready:
            is_ready = True
            console.print("Ready. Start a run with: python -m server.run   Stop with Ctrl-C.")
        stop.wait(0.5)


if __name__ == "__main__":
    sys.exit(main())
