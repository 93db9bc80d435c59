"""``python -m clients.key NAME``: a hospital makes its own key, so that the private half never travels."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from common import cli, keys


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command("clients.key", "a hospital makes its own key, so that the private half never travels.")
    command.add_argument("name", help="the hospital's key, for example aiims_delhi")
    command.add_argument("--out", type=Path, default=Path(), help="folder (default: here)")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 2 refused."""
    return cli.run(make, parser(), arguments)


def make(given: argparse.Namespace) -> None:
    """Make the pair, and say what happens to each half."""
    private, public = given.out / f"{keys.checked_name(given.name)}.key", given.out / f"{given.name}.pub"
    keys.new_key_pair(private, public, given.name)
    print(f"{private} stays on this machine; send {public} to the centre.")
    print(f"Tell the centre its fingerprint over another line: {keys.fingerprint(keys.load_public(public))}")


if __name__ == "__main__":
    sys.exit(main())
