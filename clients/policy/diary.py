"""What a hospital remembers of the runs that it was asked to take part in: their plans, and how often it answered.

One small file a hospital, ``policy/<hospital>.json`` in its cache folder, written whole before a message is answered.
So a hospital that is restarted has forgotten nothing, and an answer that was begun counts.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock

from clients.policy.limits import Policy
from clients.policy.refusal import PolicyRefusal
from common import files
from common.errors import InputError, RunError

DAY = 86_400.0
TRAIN, EVALUATE, ASK = "train", "evaluate", "query"
_MOST_RUNS = 5_000  # remembered; the oldest is forgotten first


class Pinned(msgspec.Struct):
    """A run as it began here."""

    plan: str  # SHA-256
    token: str = ""  # that names what is kept of it; empty until a message says one
    approved: bool | None = None  # by a person, where one is asked


class Entries(msgspec.Struct):
    """What the file holds."""

    runs: dict[str, Pinned] = msgspec.field(default_factory=dict)  # by Flower's number of the run, oldest first
    answered: dict[str, list[float]] = msgspec.field(default_factory=dict)  # kind of message to times, seconds


class Diary:
    """One hospital's file.

    Raises
    ------
    InputError
        ``POLICY008`` if it cannot be read: the hospital then answers nothing.
    RunError
        ``DISK001`` if it cannot be written.
    """

    def __init__(self, cache_dir: Path, hospital: str, clock: Callable[[], float] = time.time) -> None:
        self.path = cache_dir / "policy" / f"{hospital}.json"
        self._clock = clock

    def pin(self, run: int, plan: str, token: str) -> bool:
        """Hold a run to the plan that it began with, and to its token; tell whether it has just begun.

        Raises
        ------
        PolicyRefusal
            ``POLICY003`` if this run, or another one of this token, began with another plan.
        """
        with self._entries() as entries:
            known = entries.runs.get(str(run))
            pinned = known or Pinned(plan)
            others = [each for each in entries.runs.values() if token and each.token == token]
            if any(each.plan != plan for each in [pinned, *others]):
                raise PolicyRefusal("POLICY003", "This run began with another plan; a new plan needs a new run.")
            if token and pinned.token and pinned.token != token:
                raise PolicyRefusal("POLICY003", "This run began with another token; start a new run.")
            pinned.token = token or pinned.token
            entries.runs[str(run)] = pinned
            while len(entries.runs) > _MOST_RUNS:
                del entries.runs[next(iter(entries.runs))]
        return known is None

    def knows(self, token: str) -> bool:
        """Tell whether a run of this token has asked something here."""
        with self._entries() as entries:
            return any(token and each.token == token for each in entries.runs.values())

    def count(self, kind: str, policy: Policy) -> None:
        """Count an answer; raises `PolicyRefusal` ``POLICY004`` when a day's are used up."""
        most = policy.rounds_a_day if kind == TRAIN else 2 * policy.rounds_a_day
        now = self._clock()
        with self._entries() as entries:
            lately = [when for when in entries.answered.get(kind, []) if when > now - DAY]
            if len(lately) >= most:
                what = {TRAIN: "rounds", EVALUATE: "evaluations"}.get(kind, "questions")
                raise PolicyRefusal(
                    "POLICY004", f"This hospital's policy allows {most:,} {what} in 24 hours, and they are used up."
                )
            entries.answered[kind] = [*lately, now]

    def approval(self, run: int) -> bool | None:
        """Return what a person said of a run; None as long as nobody has."""
        with self._entries() as entries:
            return entries.runs[str(run)].approved

    def note_approval(self, run: int, approved: bool) -> None:
        """Keep what a person said."""
        with self._entries() as entries:
            entries.runs[str(run)].approved = approved

    @contextmanager
    def _entries(self) -> Iterator[Entries]:
        """Yield the entries, alone, and write them down if they changed; an exception changes nothing."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.path.with_suffix(".lock")):
                before = self.path.read_bytes() if self.path.exists() else b""
                entries = self._read(before)
                yield entries
                if (after := msgspec.json.encode(entries)) != before:
                    files.replace(self.path, after, mode=0o600)
        except OSError as error:
            raise RunError("DISK001", f"{self.path} cannot be written ({error.strerror}); make room there.") from None

    def _read(self, content: bytes) -> Entries:
        try:
            return msgspec.json.decode(content, type=Entries) if content else Entries()
        except msgspec.MsgspecError:
            raise InputError(
                "POLICY008", f"{self.path} is damaged, so nothing is answered; move it away, and rounds count anew."
            ) from None
