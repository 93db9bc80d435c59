"""What hospitals sent, kept in the run's folder where ``keep_updates=true`` asks for it."""

import os

from common.artifacts.layout import RunFolder
from common.errors import RunError
from common.files import write_bytes
from common.model.weights import Arrays
from common.protocol.digest import stream


class KeptUpdates:
    """Keeps updates as they arrived, readable by their owner only; a repeated round replaces them.

    Parameters
    ----------
    folder : RunFolder or None
        None keeps nothing.
    """

    def __init__(self, folder: RunFolder | None = None) -> None:
        self._folder = folder

    def put(self, number: int, hospital: str, sent: Arrays) -> None:
        """Keep what a hospital sent in a round: the very bytes that its digest is of.

        Raises
        ------
        RunError
            ``DISK001`` if there is no room.
        """
        if self._folder is None:
            return
        path = self._folder.kept_update(number, hospital)
        try:
            os.makedirs(path.parent, mode=0o700, exist_ok=True)
        except OSError as error:
            raise RunError(
                "DISK001", f"{path.parent} cannot be made ({error.strerror}); make room, then resume the run."
            ) from None
        write_bytes(path, b"".join(bytes(part) for part in stream(sent)), mode=0o600)
