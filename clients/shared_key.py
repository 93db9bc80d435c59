"""``python -m clients.shared_key shared.key``: make the secret that the hospitals share and the centre never sees.

One hospital makes it and gives it to the others by a way of their own (on paper, in an encrypted mail), never through
the centre. With it their fingerprints of slices can be compared; without it the fingerprints say nothing.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from common import cli, keys
from common.overlap.fingerprints import key_mark


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = cli.command("clients.shared_key", "Make the secret that the hospitals share.")
    command.add_argument("file", type=Path, help="new file for it, for example shared.key")
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 2 refused."""
    return cli.run(make, parser(), arguments)


def make(given: argparse.Namespace) -> None:
    """Make the key, and say whom to give it."""
    keys.new_shared_key(given.file)
    print(f"{given.file}: give it to the other hospitals by a way that the centre cannot read, and to nobody else.")
    print(f"All of them should see the mark {key_mark(keys.load_shared_key(given.file))}.")


if __name__ == "__main__":
    sys.exit(main())
