"""Files that are whole or absent: written beside their place, then moved there in one step."""

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from common.errors import RunError


def replace(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace a file by `content`; a reader sees the old or the new one, never half.

    Parameters
    ----------
    path : Path
        In a folder that exists.
    mode : int
        ``0o600`` for what only its owner may read; the file never has another one, not even for a moment.

    Raises
    ------
    OSError
        It cannot be written (disk full, no permission); the old file is untouched.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def write_bytes(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace one of a run's files as `replace` does.

    Raises
    ------
    RunError
        ``DISK001`` if the file cannot be written; the old file is untouched.
    """
    try:
        replace(path, content, mode)
    except OSError as error:
        raise RunError(
            "DISK001",
            f"{path} cannot be written ({error.strerror}); free space or permissions there, then resume the run.",
        ) from None


def write_text(path: Path, content: str) -> None:
    """Replace a text file (UTF-8) in one step."""
    write_bytes(path, content.encode())


def write_json(path: Path, content: Any) -> None:
    """Replace a JSON file in one step; NaN and infinity are refused, since JSON has no word for them."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
