"""From Flower's log lines to sentences for a hospital; every line is kept in a file.

Flower's programs speak to those who know Flower: numbers of runs and messages, exit codes, pages of its own manual.
Here each line that matters becomes a sentence that says what to do. A test keeps the signs equal to Flower's source.
"""

import logging
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from common.logs import RotatingLogFile

MARK = "hospital: "  # before what `clients.supernode.executor` has to say itself
_RUN_IS_OVER = r"is not in `RUNNING` status\. Ignoring message"
GIVEN_UP = re.compile(rf"SSL/TLS handshake error detected|{_RUN_IS_OVER}")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LOG_BYTES, _OLD_LOGS = 5_000_000, 3

Signs = tuple[tuple[re.Pattern[str], str], ...]  # what to look for, and what it means; {0} is the first group

SUPERNODE: Signs = tuple(
    (re.compile(sign), sentence)
    for sign, sentence in (
        (r"SuperNode ID:", "connected to the centre; waiting for it to start a run"),
        (r"Connection successful after", "the centre answers again"),
        (r"Connection attempt failed, retrying", "the centre does not answer; retrying until it does"),
        (r"Receiving: query message", "the centre asks what this hospital holds"),
        (r"Receiving: train message", "the centre asks for a round of training"),
        (r"Receiving: evaluate message", "the centre asks how good a model is here"),
        (r"Sent successfully", "the answer was sent to the centre"),
        (_RUN_IS_OVER, "a run ended while its message was on the way here; connecting anew"),
        (
            r"certificate verify failed: (.*?)\s*\(_ssl",
            "the centre's certificate is not accepted here ({0}): run clients.preflight, and ask the centre",
        ),
        (
            r"\[code: 2004\]",
            "the centre refuses this key: it is not registered there, or a node that has it is connected already (one "
            "that was killed counts for another minute); ask the centre, and tell it the key that clients.preflight "
            "shows",
        ),
        (
            r"SuperNode terminated gracefully|401 Unauthorized",
            "the centre no longer accepts this connection: it was restarted, this hospital's key was revoked, or "
            "this machine's clock is off",
        ),
        (
            r"error while attempting to bind on address .*?(\d+)\): ",
            "port {0} of this machine is taken; give this hospital another port in its settings file",
        ),
    )
)
EXECUTOR: Signs = (
    (re.compile(rf"^{MARK}(.*)"), "{0}"),
    (re.compile(r"(A message's process was killed by signal .*)"), "{0}"),
    (re.compile(r"(The centre runs version .*; install the same\.)"), "{0}"),
)


class LogTranslator:
    """Keeps every line in a log, and says what a person should know.

    Parameters
    ----------
    log : Path
        The file; at 5 MB a new one is begun, three old ones are kept.
    say : callable
        Shows a line.
    """

    def __init__(self, log: Path, say: Callable[[str], None]) -> None:
        self.has_given_up = False  # the SuperNode's process stays, but does its work no more, or not as it must
        self._say = say
        self._last_sentence = ""
        self._is_muted = False
        self._handler = RotatingLogFile(log, maxBytes=_LOG_BYTES, backupCount=_OLD_LOGS, encoding="utf-8")

    def follow(self, lines: Iterable[str], signs: Signs) -> None:
        """Take the lines of a program until it ends; the same sentence is not said twice in a row."""
        for line in lines:
            text = f"{datetime.now():%Y-%m-%d %H:%M:%S} {plain(line)}"
            self._handler.emit(logging.makeLogRecord({"msg": text, "levelno": logging.INFO}))
            self.has_given_up = self.has_given_up or bool(GIVEN_UP.search(line))
            sentence = translate(line, signs)
            if sentence and sentence != self._last_sentence and not self._is_muted:
                self._last_sentence = sentence
                self._say(f"{datetime.now():%Y-%m-%d %H:%M:%S}  {sentence}")

    def mute(self) -> None:
        """Say nothing more: what follows is this program's own doing."""
        self._is_muted = True

    def close(self) -> None:
        """Close the log."""
        self._handler.close()


def translate(line: str, signs: Signs) -> str | None:
    """Return what a line means to a hospital, or None where it means nothing to it."""
    for sign, sentence in signs:
        if found := sign.search(plain(line)):
            return sentence.format(*found.groups())
    return None


def plain(line: str) -> str:
    """Return a line without colours and its end."""
    return _COLOURS.sub("", line).rstrip()
