"""The one writer of ``ledger.jsonl``; what its lines are is in `common.artifacts.ledger.lines`."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from common import files
from common.artifacts.layout import RunFolder
from common.artifacts.ledger import check as ledger_check
from common.artifacts.ledger.lines import (
    Asked,
    Began,
    Chain,
    Combined,
    Estimated,
    Files,
    Kind,
    LeftOut,
    Resumed,
    Stored,
    Update,
    hash_of,
    line_of,
)
from common.artifacts.run_files import now, versions
from common.artifacts.values import Notes, count, mapping, read_json, sequence
from common.config.settings import RunSettings
from common.errors import InputError, RunError
from common.protocol.plan import Plan
from common.protocol.signatures import Head
from common.text import counted
from server.recording import signing


class Unrecorded:
    """In the place of a ledger where none is kept: every method does nothing."""

    head: Head | None = None
    first: str = ""

    def announce(self, kind: type[Kind], contents: Files, **facts: Any) -> None:
        """Say what files are written next."""

    def stored(self) -> None:
        """Say that they are written."""

    def asked(self, number: int, hospitals: list[str]) -> None:
        """Say who is asked to train."""

    def combined(self, number: int, updates: list[Update], left_out: list[LeftOut], model: str) -> None:
        """Say what a round's model was made of."""

    def estimated(self, number: int, hospitals: list[str], model: str) -> None:
        """Say from whose slices BatchNorm's statistics were estimated anew."""


NO_LEDGER = Unrecorded()


@dataclass
class Ledger(Unrecorded):
    """Adds signed lines to one run's ledger.

    Attributes
    ----------
    first : str
        SHA-256 of the first line: by it the run's other files remember that there is a ledger.
    """

    folder: RunFolder
    key: signing.PrivateKey
    token: str = ""
    first: str = ""
    _number: int = 0
    _last: str = ""
    _head: Head | None = field(default=None, repr=False)

    @property
    def head(self) -> Head | None:  # type: ignore[override]
        """The end of the ledger, signed, for the next messages."""
        if self._head is None or self._head.line != self._number:
            line = Head(token=self.token, line=self._number, sha256=self._last, key=signing.line_of(self.key))
            self._head = line.signed(self.key)
        return self._head

    def begin(self, settings: RunSettings, plan: Plan, hospitals: dict[str, str], start: "Start", model: str) -> None:
        """Write the first line; `model` is the digest of the one that the next round starts from."""
        self.announce(
            Began,
            start.files,
            run_id=self.folder.run_id,
            token=self.token,
            key=signing.line_of(self.key),
            plan=plan.to_json(),
            strategy=asdict(settings.strategy),
            hospitals=hospitals,
            versions=versions(),
            keeps_updates=settings.keep_updates,
            round=start.round,
            model=model,
            init=start.init,
            found=start.found,
        )

    def resume(self, start: "Start") -> None:
        """Say that the run goes on in this process."""
        self.announce(Resumed, start.files, round=start.round, versions=versions(), found=start.found)

    def announce(self, kind: type[Kind], contents: Files, **facts: Any) -> None:
        """Add a line; when this returns it is on the disk.

        Raises
        ------
        RunError
            ``DISK001`` if it cannot be written.
        """
        entry = kind(number=self._number + 1, previous=self._last, at=now(), files=contents, **facts)
        line = line_of(entry, self.key)
        try:
            files.append_line(self.folder.ledger, line)
        except OSError as error:
            raise RunError(
                "DISK001", f"{self.folder.ledger} cannot be written ({error.strerror}); make room, then resume the run."
            ) from None
        self._number, self._last = entry.number, hash_of(line)
        self.first = self.first or self._last

    def stored(self) -> None:
        self.announce(Stored, {})

    def asked(self, number: int, hospitals: list[str]) -> None:
        self.announce(Asked, {}, round=number, hospitals=hospitals)

    def combined(self, number: int, updates: list[Update], left_out: list[LeftOut], model: str) -> None:
        self.announce(Combined, {}, round=number, updates=updates, left_out=left_out, model=model)

    def estimated(self, number: int, hospitals: list[str], model: str) -> None:
        self.announce(Estimated, {}, round=number, hospitals=hospitals, model=model)

    @staticmethod
    def after(folder: RunFolder, key: signing.PrivateKey, chain: Chain) -> "Ledger":
        """Return the writer that goes on after the lines of a ledger."""
        ledger = Ledger(folder, key, chain.began.token, first=chain.hashes[0])
        ledger._number, ledger._last = len(chain.entries), chain.hashes[-1]
        return ledger


@dataclass(frozen=True)
class Start:
    """Where a process takes up a run."""

    round: int
    files: Files  # that are written next
    found: Files  # that lie there
    init: dict[str, Any] = field(default_factory=dict)  # the finished model that the run begins with


def take_up(folder: RunFolder, centre_key: Path | None) -> Ledger | None:
    """Check a run that is to go on, and return its ledger; None where it has none.

    Raises
    ------
    InputError
        ``LEDGER001`` something differs, ``LEDGER002`` the ledger is gone, ``LEDGER003`` the checkpoint is,
        ``LEDGER004`` the key is not here.
    """
    _require_checkpoint(folder)
    chain = ledger_check.require_verified(folder)
    if chain is None:
        return None
    key = signing.key_of(folder, centre_key, chain.began.key)
    if chain.torn:
        files.cut_torn_line(folder.ledger)
    return Ledger.after(folder, key, chain)


def _require_checkpoint(folder: RunFolder) -> None:
    """Refuse to begin again a run that has complete rounds: a new model would stand under an old number."""
    if folder.checkpoint.exists():
        return
    rows = len(sequence(read_json(folder.history, Notes(folder.history.name))))
    recorded = count(mapping(read_json(folder.status, Notes(folder.status.name))).get("round")) or 0
    if rounds := max(rows, recorded):
        raise InputError(
            "LEDGER003",
            f"{folder.run_id} has {counted(rounds, 'complete round')} but no {folder.checkpoint.name}, so it cannot go "
            "on; put the file back, or start a new run.",
        )
