"""``python -m clients.shared_key shared.key``: make the secret that the hospitals share and the centre never sees.

One hospital makes it and gives it to the others on a way of their own (on paper, an encrypted mail): never through the
centre. With it their fingerprints of slices can be compared; without it the fingerprints say nothing.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from common.errors import InputError, ProjectError
from common.keys import write_private
from common.overlap.fingerprints import key_mark

KEY_BYTES = 32


def new_shared_key(path: Path) -> None:
    """Write 32 random bytes as hexadecimal digits into a new file that only its owner can read.

    Raises
    ------
    InputError
        ``KEY001`` if the file exists or cannot be written.
    """
    write_private(path, (secrets.token_hex(KEY_BYTES) + "\n").encode())


def load_shared_key(path: Path) -> bytes:
    """Read the hospitals' shared key.

    Returns
    -------
    bytes
        32 of them.

    Raises
    ------
    InputError
        ``KEY006`` it cannot be read or is no such key, ``KEY007`` others on the machine can read it.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii").strip()
        key = bytes.fromhex(text)
    except OSError as error:
        raise InputError("KEY006", f"The shared key {path} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise InputError("KEY006", f"{path} holds no shared key; {_HOW}") from None
    if len(key) != KEY_BYTES:
        raise InputError("KEY006", f"{path} holds {len(key)} bytes, a shared key has {KEY_BYTES}; {_HOW}")
    if mode & 0o077 and os.name != "nt":
        raise InputError("KEY007", f"Others on this machine can read {path}; do: chmod 600 on it.")
    return key


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0 done, 2 refused.
    """
    command = argparse.ArgumentParser(
        prog="python -m clients.shared_key", description="Make the secret that the hospitals share."
    )
    command.add_argument("file", type=Path, help="new file for it, for example shared.key")
    given = command.parse_args(arguments)
    try:
        new_shared_key(given.file)
    except ProjectError as error:
        print(f"error {error}", file=sys.stderr)
        return error.exit_code
    print(f"{given.file}: give it to the other hospitals on a way that the centre cannot read, and to nobody else.")
    print(f"All of them should see the mark {key_mark(load_shared_key(given.file))}.")
    return 0


_HOW = "one hospital makes it with: python -m clients.shared_key FILE"

if __name__ == "__main__":
    sys.exit(main())
