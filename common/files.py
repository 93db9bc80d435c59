"""Files from anywhere: read only where they are regular, and written so that a reader never sees half of one.

A pipe or a device under a file's name would keep its reader waiting for ever, so `open_regular` refuses it. A file is
written beside its place and then moved there in one step; what a killed program left beside it goes with the next one.
"""

import contextlib
import errno
import hashlib
import json
import math
import os
import stat
import tempfile
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from common.errors import RunError

SMALL_BYTES = 1_000_000  # a key, a certificate, a settings file: whatever is larger is none
JSON_BYTES = 64_000_000


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading, if it is one.

    Raises
    ------
    OSError
        It cannot be opened, or is a folder, a pipe, a socket or a device.
    """
    return open(path, "rb", opener=_regular)


def read_bytes(path: Path, most: int = SMALL_BYTES) -> bytes:
    """Read a regular file of at most `most` bytes.

    Raises
    ------
    OSError
        As `open_regular`, and for a larger file.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than {most:,} bytes", str(path))
    return content


def read_text(path: Path, most: int = SMALL_BYTES) -> str:
    """Read a regular file of UTF-8 as `read_bytes` does; UnicodeDecodeError where it is something else."""
    return read_bytes(path, most).decode("utf-8")


def parse_json(content: bytes | str) -> Any:
    """Parse JSON that may come from elsewhere; ValueError or RecursionError for NaN, infinity, and all that is none."""
    return json.loads(content, parse_constant=_not_json, parse_float=_finite)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _not_json(text)


def _not_json(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no number that JSON knows")


def absolute(path: str | Path) -> Path:
    """Return a path from the root, without links as far as they lead anywhere; one that leads in a circle stays."""
    return Path(os.path.realpath(path))


def _regular(path: str, flags: int) -> int:
    """Open without waiting: who opens a pipe waits for its other end, and a device may do anything."""
    try:
        _require_regular(os.stat(path).st_mode, path)
        handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    except ValueError:  # a NUL or half of a character in the name
        raise OSError(errno.EINVAL, "no file can have this name", path) from None
    try:
        _require_regular(os.fstat(handle).st_mode, path)  # it may have been replaced meanwhile
    except OSError:
        os.close(handle)
        raise
    return handle


def _require_regular(mode: int, path: str) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file", path)


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
        It cannot be written (disk full, no permission, a pipe or a device is there); the old file is untouched.
    """
    if os.path.lexists(path) and os.path.exists(path):
        _require_regular(os.stat(path).st_mode, str(path))
    _put(path, content, mode, os.replace)


def create(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Make a new file in one step, as `replace` does; FileExistsError if there is one."""
    _put(path, content, mode, _link)


def _link(temporary: str, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.replace(temporary, path)


def _put(path: Path, content: bytes, mode: int, place: Any) -> None:
    sweep(path.parent, f".{path.name}.")
    file, temporary = _temporary(path)
    try:
        with file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(temporary, mode)
            if os.name == "nt":  # where no open file is moved
                file.close()
            place(temporary, path)
    finally:
        with contextlib.suppress(OSError):  # after `os.replace` it is gone
            os.unlink(temporary)


def _temporary(path: Path) -> tuple[BinaryIO, str]:
    """Make a temporary file that is locked for as long as its writer lives, so that `sweep` leaves it alone."""
    while True:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        _lock(handle)
        if os.fstat(handle).st_nlink:
            return os.fdopen(handle, "wb"), temporary
        os.close(handle)  # swept between the two


def sweep(folder: Path, prefix: str = ".") -> None:
    """Remove the temporary files that killed programs left in a folder; those of living ones are locked."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and entry.name.endswith(".tmp"):
                with contextlib.suppress(OSError):
                    _remove_dead(entry.path)


def _remove_dead(path: str) -> None:
    handle = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        if stat.S_ISREG(os.fstat(handle).st_mode) and _lock(handle):
            os.unlink(path)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    """Lock an open file until it is closed, which the operating system does for a killed program."""
    try:
        import fcntl
    except ImportError:  # Windows refuses to remove a file that is open
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


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
            "DISK001", f"{path} cannot be written ({why(error)}); free space or permissions there, then resume the run."
        ) from None


def why(error: BaseException) -> str:
    """Return the reason of an error in a few words: the operating system's, else the error's own, else its kind."""
    return getattr(error, "strerror", None) or " ".join(str(error).split())[:200] or type(error).__name__


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
    """Return a regular file's SHA-256, hexadecimal."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
