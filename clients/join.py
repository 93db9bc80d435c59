"""``python -m clients.join --config hospital.yaml``: connect this hospital to the federation, and stay connected."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import common.quiet  # noqa: F401  (before the first import of flwr)
from clients.site import SiteFile, add_site_flags, site_from
from clients.supernode.supervisor import Connection
from common.errors import InputError, ProjectError
from common.keys import load_private


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
        0 stopped, 2 something here is wrong.
    """
    given = parser().parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    try:
        site = site_from(given)
        _check(site, given)
        if not given.skip_preflight:
            from clients.preflight import require_ready

            require_ready(site, console, given.insecure)
        Connection(site, home_of(site, given.home), given.insecure, console).keep()
    except ProjectError as error:
        print(f"error {error}", file=sys.stderr)
        return error.exit_code
    return 0


def home_of(site: SiteFile, given: Path | None = None) -> Path:
    """Return the folder for Flower's own files."""
    return (given or site.path.parent / ".federation" / site.hospital.key).resolve()


def _check(site: SiteFile, given: argparse.Namespace) -> None:
    _require_free(site.port)
    if given.insecure:
        if site.address[0] not in ("127.0.0.1", "localhost", "::1"):
            raise InputError("JOIN001", f"--insecure is for this machine only, and {site.superlink} is another one.")
        return
    load_private(site.private_key)
    if site.root_certificate is None or not site.root_certificate.is_file():
        raise InputError("JOIN002", f"root_certificate {site.root_certificate} is missing; the centre has ca.crt.")


def _require_free(port: int) -> None:
    """Refuse a taken port before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise InputError(
                "JOIN003",
                f"Port {port} of this machine cannot be used ({error.strerror}); is clients.join running already? Else "
                "set another port in the settings file.",
            ) from None


if __name__ == "__main__":
    sys.exit(main())
