"""Log files that a full disk leaves with gaps; a traceback for each line would help nobody."""

import contextlib
import logging
import sys
from logging.handlers import RotatingFileHandler


class _WithGaps(logging.Handler):
    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            super().close()


class LogFile(_WithGaps, logging.FileHandler):
    """A log file."""


class RotatingLogFile(_WithGaps, RotatingFileHandler):
    """A log file that is begun anew at a size."""
