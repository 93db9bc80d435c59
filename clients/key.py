"""``python -m clients.key NAME``: a hospital makes its own key, so that the private half never travels."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from common.errors import ProjectError
from common.keys import checked_name, fingerprint, load_public, new_key_pair


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0 done, 2 refused.
    """
    command = argparse.ArgumentParser(prog="python -m clients.key", description=__doc__.split(": ", 1)[1])
    command.add_argument("name", help="the hospital's key, for example aiims_delhi")
    command.add_argument("--out", type=Path, default=Path(), help="folder (default: here)")
    given = command.parse_args(arguments)
    private, public = given.out / f"{given.name}.key", given.out / f"{given.name}.pub"
    try:
        checked_name(given.name)
        new_key_pair(private, public, given.name)
    except ProjectError as error:
        print(f"error {error}", file=sys.stderr)
        return error.exit_code
    print(f"{private} stays on this machine; send {public} to the centre.")
    print(f"Tell the centre its fingerprint over another line: {fingerprint(load_public(public))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
