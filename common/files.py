"""Files that are whole or absent: written beside their place, then moved there in one step."""

import contextlib
import errno
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
    """Replace a JSON file in one step."""
    write_bytes(path, json_file(content))


def json_file(content: Any) -> bytes:
    """Return the content of a JSON file; NaN and infinity are refused, since JSON has no word for them."""
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def append_line(path: Path, line: bytes, mode: int = 0o644) -> None:
    """Add a line to a file; when this returns it is on the disk, and if it raises nothing was added.

    Raises
    ------
    OSError
        It cannot be written (disk full, no permission).
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode)
    with os.fdopen(handle, "ab", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        try:
            if file.write(line + b"\n") != len(line) + 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                file.truncate(end)
            raise


def cut_torn_line(path: Path) -> bool:
    """Remove the beginning of a last line that a killed process left; tell whether there was one."""
    with path.open("r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole == len(content):
            return False
        file.truncate(whole)
        os.fsync(file.fileno())
        return True


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk: a file that was replaced could otherwise be the old one after a power cut."""
    with contextlib.suppress(OSError):  # Windows opens no folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
