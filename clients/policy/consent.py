"""A person's yes before a run's plan is followed: files between the process that answers and `clients.join`.

``questions/<run>.ask`` beside the connection's own settings holds the plan in words; ``<run>.yes`` or ``<run>.no`` is
the answer. Either process may be restarted in between.
"""

import contextlib
import re
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from clients.policy.diary import Diary
from clients.policy.refusal import PolicyRefusal
from common import files
from common.errors import InputError
from common.protocol.names import NOT_YET
from common.text import printable

_FOLDER = "questions"
_POLL_SECONDS = 0.5
_MOST_QUESTIONS = 20
_ASK = re.compile(r"(\d+)\.ask")


def require_yes(home: Path, run: int, words: str, seconds: float, diary: Diary) -> None:
    """Wait until a person at the hospital has said yes to a run; only its first message waits.

    Raises
    ------
    PolicyRefusal
        ``POLICY006`` if nobody has answered yet (the centre may ask again), ``POLICY007`` for a no.
    """
    said = diary.approval(run)
    if said is None:
        said = _asked(home / _FOLDER, run, words, seconds)
        if said is not None:
            diary.note_approval(run, said)
    if said is None:
        raise PolicyRefusal(NOT_YET, "Nobody at the hospital has said yes to this run yet; it is asked again later.")
    if not said:
        raise PolicyRefusal("POLICY007", "The hospital said no to this run.")


def _asked(folder: Path, run: int, words: str, seconds: float) -> bool | None:
    """Put a question, wait for its answer, and take both away; None where none came in time."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    question = folder / f"{run}.ask"
    end = time.monotonic() + (0.0 if question.exists() else seconds)
    if not question.exists():
        if len(list(folder.glob("*.ask"))) >= _MOST_QUESTIONS:
            return None
        files.replace(question, words.encode(), mode=0o600)
    while True:
        for answer, said in ((folder / f"{run}.yes", True), (folder / f"{run}.no", False)):
            if answer.exists():
                question.unlink(missing_ok=True)
                answer.unlink(missing_ok=True)
                return said
        if time.monotonic() >= end:
            return None
        time.sleep(_POLL_SECONDS)


class Questions:
    """The terminal's side, in `clients.join`.

    Raises
    ------
    InputError
        ``JOIN006`` where nobody can answer.
    """

    def __init__(self, home: Path, say: Callable[[str], None], terminal: TextIO | None = None) -> None:
        self._folder = home / _FOLDER
        self._say = say
        self._terminal = terminal or sys.stdin
        self._open: Path | None = None  # the question that is on the screen
        if self._terminal is None or not self._terminal.isatty():
            raise InputError(
                "JOIN006",
                "--ask (policy.ask) needs a terminal to ask at; start clients.join in one, or leave it out and let the "
                "policy in the settings file decide.",
            )

    def look(self) -> None:
        """Show a new question, take an answer; to be called again and again, for it never waits."""
        if self._open and not self._open.exists():  # answered, or taken away with its run
            self._open = None
        if self._open is None:
            self._show()
        elif select.select([self._terminal], [], [], 0)[0]:
            self._take(self._terminal.readline())

    def _show(self) -> None:
        waiting = sorted(self._folder.glob("*.ask"), key=lambda path: path.name)
        waiting = [path for path in waiting if _ASK.fullmatch(path.name) and not self._answered(path)]
        if not waiting:
            return
        with contextlib.suppress(OSError):
            words = printable(waiting[0].read_text(encoding="utf-8"))
            self._open = waiting[0]
            self._forget_typed()
            self._say(f"The centre asks for a run: {words}.")
            self._say("Take part? Type yes or no, and Enter:")

    def _take(self, line: str) -> None:
        word = line.strip().lower()
        if self._open is None or word not in ("y", "yes", "n", "no"):
            self._say("Please type yes or no, and Enter:")
            return
        yes = word.startswith("y")
        files.replace(self._open.with_suffix(".yes" if yes else ".no"), b"", mode=0o600)
        self._say("Yes: the run's plan is followed." if yes else "No: nothing is done for this run.")
        self._open = None

    def _answered(self, question: Path) -> bool:
        return any(question.with_suffix(suffix).exists() for suffix in (".yes", ".no"))

    def _forget_typed(self) -> None:
        """Throw away what was typed before the question stood there: it is no answer to it."""
        import termios

        with contextlib.suppress(termios.error, ValueError):
            termios.tcflush(self._terminal.fileno(), termios.TCIFLUSH)
