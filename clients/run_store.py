"""What a hospital keeps of a run between messages, in its own cache folder: tensors that never travel.

The next message may reach another process, so nothing is kept in memory. The server only says which run and which
round; a round that is repeated, or a run that is resumed, finds what that round had.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection
from pathlib import Path

import torch

from common.artifacts.tensor_files import write_weights
from common.errors import InputError, RunError
from common.model.state import arrays_from_state, state_from_arrays
from common.model.weights import Arrays

_TOKEN = re.compile(r"[0-9a-f]{32}")
_ROUND = re.compile(r"-round-(\d+)\.pth$")


class RunStore:
    """One hospital's tensors of one run, a file for each round that is still needed.

    Parameters
    ----------
    cache_dir : Path
        The hospital's cache folder.
    token : str
        The run's, 32 hexadecimal digits.
    hospital : str
        The hospital's key; simulated hospitals share a cache folder.
    series : str
        What is kept, for example ``"model"``; the start of the files' names.

    Raises
    ------
    InputError
        ``STORE001`` for a token that is none: it comes from the server and becomes the name of a folder.
    """

    def __init__(self, cache_dir: Path, token: str, hospital: str, series: str) -> None:
        if not _TOKEN.fullmatch(token):
            raise InputError("STORE001", "The server names no run to keep anything of; use the same version.")
        self.folder = cache_dir / "runs" / token / hospital
        self._series = series

    def save(self, number: int, arrays: Arrays) -> Path:
        """Keep tensors as those of a round; what this round had before is replaced.

        Returns
        -------
        Path
            The file, a plain state_dict.

        Raises
        ------
        RunError
            ``DISK001`` if the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise RunError("DISK001", f"{self.folder} cannot be made ({error.strerror}); make room there.") from None
        path = self._path(number)
        write_weights(path, state_from_arrays(arrays))
        return path

    def load(self, number: int) -> Arrays:
        """Return the tensors of a round.

        Raises
        ------
        RunError
            ``STORE002`` if they are gone or damaged; another round's would be another result.
        """
        path = self._path(number)
        try:
            return arrays_from_state(torch.load(path, weights_only=True))
        except Exception:  # the unpickler and the zip reader raise nearly every built-in type on damaged input
            raise RunError(
                "STORE002",
                f"{path} is missing or damaged, so this hospital cannot go on with what it kept of round {number}; "
                "put the file back, or start a new run.",
            ) from None

    def hold_on_to(self, numbers: Collection[int]) -> None:
        """Remove every other round's file; with no number, the folders, too."""
        for path in self.folder.glob(f"{self._series}-round-*.pth"):
            match = _ROUND.search(path.name)
            if match and int(match[1]) not in numbers:
                path.unlink(missing_ok=True)
        if not numbers:
            self._remove_empty()

    def _remove_empty(self) -> None:
        """Remove the hospital's folder and the run's, unless something else lies there."""
        with contextlib.suppress(OSError):
            self.folder.rmdir()
            self.folder.parent.rmdir()

    def _path(self, number: int) -> Path:
        return self.folder / f"{self._series}-round-{number:04d}.pth"
