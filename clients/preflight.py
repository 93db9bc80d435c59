"""``python -m clients.preflight --config hospital.yaml``: can this hospital take part? Nothing is sent but a knock."""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from clients.site import add_site_flags, site_from
from common import cli
from common.config.settings import DataPlan
from common.config.strategies import StrategySettings


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command(
        "clients.preflight",
        "Look whether this hospital can take part. Exit codes: 0 it can; 2 something is to be done.",
    )
    add_site_flags(command)
    command.add_argument("--insecure", action="store_true", help="as of python -m clients.join")
    command.add_argument("--image-size", type=int, default=DataPlan().image_size, help="pixels (default: %(default)s)")
    command.add_argument(
        "--deadline", type=float, default=StrategySettings().timeout_seconds, help="of a round, seconds"
    )
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 the hospital can take part, 2 something is to be done."""
    return cli.run(preflight, parser(), arguments)


def preflight(given: argparse.Namespace) -> None:
    """Run every check."""
    site = site_from(given)
    from clients import checks  # brings torch; --help and a wrong settings file answer without it

    checks.require_ready(site, Console(highlight=False), given.insecure, given.image_size, given.deadline)


if __name__ == "__main__":
    sys.exit(main())
