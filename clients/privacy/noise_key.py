"""The key from which a hospital's noise follows: made once, kept in its cache folder, never sent.

Who has it takes the noise off every update that this hospital ever sent.
"""

import contextlib
import secrets
from pathlib import Path

from common import files
from common.errors import RunError
from common.privacy.stream import KEY_BYTES

NOISE_KEY = "noise.key"


def noise_key(folder: Path) -> bytes:
    """Return the key of a cache folder, and make one where there is none (mode 0600).

    Raises
    ------
    RunError
        ``DP002`` if it cannot be read or written, or is none.
    """
    path = folder / NOISE_KEY
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # another process was faster
            if not path.exists():
                files.create(path, secrets.token_bytes(KEY_BYTES), mode=0o600)
        key = files.read_bytes(path)
    except (OSError, ValueError) as error:
        raise RunError(
            "DP002", f"{path} cannot be used ({files.why(error)}), and noise without it would be no secret; mend that."
        ) from None
    if len(key) != KEY_BYTES:
        raise RunError(
            "DP002",
            f"{path} is not the {KEY_BYTES} bytes of a key; remove it, and a new one is made: what a run spends on "
            "questions that it asks again is then spent anew.",
        )
    return key
