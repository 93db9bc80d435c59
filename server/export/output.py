"""Files of exports: written whole, with a sentence where they cannot be."""

from pathlib import Path

from common import files
from common.errors import InputError


def write_export(path: Path, content: bytes) -> None:
    """Replace a file in one step, in a folder that is made if need be.

    Raises
    ------
    InputError
        ``EXPORT004`` it cannot be written; what was there is untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, content)
    except (OSError, ValueError) as error:  # a ValueError: no file can have this name
        raise unwritable(path, error) from None


def unwritable(path: Path, error: BaseException) -> InputError:
    """Say that a place cannot be written."""
    return InputError("EXPORT004", f"{path} cannot be written ({files.why(error)}); choose another --out.")
