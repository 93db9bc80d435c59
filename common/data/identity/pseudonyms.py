"""Patients' ids as they are kept: hashed with a salt that stays at the hospital, so that nobody can tell who it is.

The same id has the same pseudonym in every run, file and table of one hospital, and another one at every other.
"""

import hmac
import secrets
from functools import cached_property
from pathlib import Path

from common import files
from common.data.identity.cells import patient_key
from common.errors import InputError
from common.keys import is_open_to_others

FILE = "patients.salt"

_SALT_BYTES = 32


class Pseudonyms:
    """Writes ids as pseudonyms; the salt is made when the first one is asked for, and kept beside the cache."""

    def __init__(self, cache_dir: Path) -> None:
        self._cache_dir = cache_dir

    def of(self, patient: str) -> str:
        """Return an id's pseudonym; ``""`` for the words that mean nobody.

        Raises
        ------
        InputError
            ``DATA039`` if the salt can be neither read nor made, or others can read it.
        """
        key = patient_key(patient)
        return f"p-{hmac.digest(self._salt, key.encode(), 'sha256')[:8].hex()}" if key else ""

    @cached_property
    def mark(self) -> str:
        """What tells this salt from another one and does not give it away."""
        return hmac.digest(self._salt, b"\0mark", "sha256")[:8].hex()

    @cached_property
    def _salt(self) -> bytes:
        path = self._cache_dir / FILE
        try:
            return _read(path)
        except FileNotFoundError:
            return _made(path)
        except OSError as error:
            raise _unusable(path, files.why(error)) from None


def _read(path: Path) -> bytes:
    try:
        salt = bytes.fromhex(files.read_text(path).strip())
    except ValueError:
        salt = b""
    if len(salt) != _SALT_BYTES:
        raise _unusable(path, "it holds something else")
    if is_open_to_others(path):
        raise InputError("DATA039", f"Others on this machine can read {path}; do: chmod 600 on it.")
    return salt


def _made(path: Path) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.create(path, f"{secrets.token_hex(_SALT_BYTES)}\n".encode(), mode=0o600)
    except FileExistsError:
        pass  # another process was quicker
    except OSError as error:
        raise _unusable(path, files.why(error)) from None
    return _read(path)


def _unusable(path: Path, reason: str) -> InputError:
    return InputError(
        "DATA039",
        f"{path}, with which patients' ids are hashed, cannot be used ({reason}); mend it, or remove it: the ids get "
        "new hashes then.",
    )
