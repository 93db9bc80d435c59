"""What keeps the SuperLink's log small: old lines are moved away, and what repeats itself is said a few times."""

import contextlib
import logging
import os
import shutil
import time
from collections import Counter
from pathlib import Path

LOG = "FEDERATION_LOG"  # environment: the file to which the SuperLink's output goes
_LOG_BYTES, _OLD_LOGS = 10_000_000, 3
_MINUTE = 60.0
_OF_ONE_KIND = 10  # lines a minute


def move_old_lines(log: Path, most_bytes: int = _LOG_BYTES) -> None:
    """Copy a log that has grown too large to ``<log>.1``, and empty it; three such files are kept.

    It is emptied rather than moved, since the SuperLink, its SuperExec and the run all write to the end of the same
    open file. A line that is written in between is lost.
    """
    with contextlib.suppress(OSError):  # the disk is full, or somebody else moved it
        if log.stat().st_size < most_bytes:
            return
        for number in range(_OLD_LOGS - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{log}.{number}", f"{log}.{number + 1}")
        shutil.copyfile(log, f"{log}.1")
        os.truncate(log, 0)


class Seldom(logging.Filter):
    """Lets a few warnings of each kind through in a minute: strangers can make a server repeat its own for ever."""

    def __init__(self) -> None:
        super().__init__()
        self._since = time.monotonic()
        self._counts: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line may be written."""
        if record.levelno < logging.WARNING:
            return True
        if time.monotonic() - self._since > _MINUTE:
            self._since = time.monotonic()
            self._counts.clear()
        kind = str(record.msg)[:100]
        self._counts[kind] += 1
        return self._counts[kind] <= _OF_ONE_KIND


def only_failures(record: logging.LogRecord) -> bool:
    """Keep out of the access log the polls of every node, several a second, and refusals, which the gate words."""
    arguments = record.args
    return not (isinstance(arguments, tuple) and arguments and isinstance(arguments[-1], int) and arguments[-1] < 500)
