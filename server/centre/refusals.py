"""What the centre says of those whom it refused: never a stranger's own words, and never more than fit a screen.

Whoever reaches the port can be refused as often as he likes. So an address gets a few lines a minute and all of them
together a few more; of the rest only the count is said. Lines go to the SuperLink's log, and through a pipe of their
own to the screen of `server.serve`, which therefore takes nothing in the log for a refusal.
"""

import contextlib
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Callable

from common.text import counted

CHANNEL = "FEDERATION_REFUSALS"  # environment: the file descriptor that `server.serve` listens to
_MINUTE = 60.0
_AN_ADDRESS, _IN_ALL = 5, 30  # lines a minute
_MOST_ADDRESSES = 1000  # that are counted one by one
_LONGEST_LINE, _LONGEST_QUOTE = 400, 80
_PLAIN = re.compile(r"[A-Za-z0-9_./:%-]+")

log = logging.getLogger("flwr")


def quoted(text: str) -> str:
    """Return what a stranger said so that it cannot be taken for anything else: escaped, in quotes, and cut.

    A plain word or path of letters, digits and ``_./:%-`` stays as it is.
    """
    cut = text[:_LONGEST_QUOTE]
    said = cut if _PLAIN.fullmatch(cut) else ascii(cut)
    return said if len(text) <= _LONGEST_QUOTE else f"{said}... ({counted(len(text), 'character')})"


class Refusals:
    """Says who was refused, and of what comes too often only how often.

    Parameters
    ----------
    say : callable
        Gets each line.
    clock : callable, optional
        Seconds that never go back.
    """

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._since = clock()
        self._shown: Counter[str] = Counter()
        self._unshown: Counter[str] = Counter()

    def note(self, address: str, reason: Callable[[], str]) -> None:
        """Say that an address was refused; `reason` is only asked for where it will be shown."""
        self.tick()
        known = address if address in self._shown or len(self._shown) < _MOST_ADDRESSES else ""
        if known and self._shown[known] < _AN_ADDRESS and self._shown.total() < _IN_ALL:
            self._shown[known] += 1
            self._say(_line(f"refused {address}{reason()}"))
        else:
            self._unshown[address if len(self._unshown) < _MOST_ADDRESSES else ""] += 1

    def tick(self) -> None:
        """Say at the end of a minute how many were not shown."""
        if self._clock() - self._since < _MINUTE:
            return
        if self._unshown:
            self._say(_line(_summary(self._unshown)))
        self._since = self._clock()
        self._shown.clear()
        self._unshown.clear()


def _summary(unshown: Counter[str]) -> str:
    address, count = next((each for each in unshown.most_common(2) if each[0]), ("", 0))
    text = f"refused {counted(unshown.total(), 'more request')} in the last minute, not shown one by one"
    return f"{text}; {count:,} of them from {address}" if address else text


def _line(text: str) -> str:
    """Keep a line a line, whatever is in it."""
    said = "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text)
    return said if len(said) <= _LONGEST_LINE else said[:_LONGEST_LINE] + "..."


def to_log_and_screen(line: str) -> None:
    """Write a line into the SuperLink's log and, where `server.serve` listens, for its screen."""
    log.warning("%s", line)
    channel = os.environ.get(CHANNEL, "")
    if channel.isdigit():
        with contextlib.suppress(OSError):  # nobody listens any more, or not fast enough
            os.write(int(channel), f"{line}\n".encode())
