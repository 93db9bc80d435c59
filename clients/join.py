"""``python -m clients.join --config hospital.yaml``: connect this hospital to the federation, and stay connected."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from clients.policy.consent import Questions
from clients.site import SiteFile, add_site_flags, site_from
from clients.supernode.supervisor import Connection
from common import cli, proxies
from common.addresses import is_loopback, why_not_free
from common.errors import InputError
from common.files import absolute
from common.keys import load_private


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "clients.join",
        "Connect this hospital to the federation. Slices stay here: only weights and counts are sent.",
    )
    add_site_flags(command)
    command.add_argument("--skip-preflight", action="store_true", help="connect without looking whether it can work")
    command.add_argument(
        "--insecure", action="store_true", help="no TLS and no key; only to a centre on this very machine"
    )
    command.add_argument("--ask", action="store_true", help="ask here, at this terminal, before a run is followed")
    command.add_argument("--home", type=Path, help="folder for Flower's own files (default: beside the settings file)")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; 0 stopped, 2 something here is wrong."""
    return cli.run(join, parser(), arguments)


def join(given: argparse.Namespace) -> None:
    """Check what can be checked at once, run the preflight until the centre answers, and stay connected."""
    console = Console(highlight=False, soft_wrap=True)
    site = site_from(given)
    if given.ask:
        site = replace(site, policy=replace(site.policy, ask=True))
    home = absolute(given.home or site.path.parent / ".federation" / site.hospital.key)
    questions = Questions(home, _plainly(console)) if site.policy.ask else None
    _check(site, given.insecure)
    if not given.skip_preflight:
        from clients import checks  # brings torch

        checks.require_ready(site, console, given.insecure, waits=True)
    Connection(site, home, given.insecure, console, questions.look if questions else None).keep()


def _plainly(console: Console) -> Callable[[str], None]:
    return lambda line: console.print(line, markup=False)


def _check(site: SiteFile, insecure: bool) -> None:
    if reason := why_not_free("127.0.0.1", site.port):
        raise InputError(
            "JOIN003",
            f"Port {site.port} of this machine cannot be used ({reason}); is clients.join running already? Otherwise "
            "set another port in the settings file.",
        )
    proxies.proxy_for(site.address[0])  # refuses one that cannot be used
    if insecure:
        if not is_loopback(site.address[0]):
            raise InputError("JOIN001", f"--insecure is for this machine only, and {site.superlink} is another one.")
        return
    load_private(site.private_key)
    if site.root_certificate is None or not os.path.isfile(site.root_certificate):
        raise InputError("JOIN002", f"root_certificate {site.root_certificate} is missing; the centre has ca.crt.")
    site.root_certificate.open("rb").close()  # refused here, not by a SuperNode in words of its own


if __name__ == "__main__":
    sys.exit(main())
