"""``ledger.jsonl``: what a run did, line after line, so that nobody can change the past unnoticed.

Each line holds the hash of the line before and the signature of the centre's key. Lines are added and never taken away:
a round that is repeated after a crash stands there twice. A line that announces files is written before them, and
a line ``stored`` after them, so that a process may be killed between any two steps.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Raw, Struct

from common import files, keys
from common.artifacts.layout import LEDGER

FORMAT = 1
MOST_BYTES = 512_000_000
_HEX = re.compile(rb"[0-9a-f]*")

Files = dict[str, str]  # path below the run's folder: SHA-256


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"):
    """One line without its signature."""

    number: int  # from 1
    previous: str  # SHA-256 of the line before, with its signature; empty in the first
    at: str  # ISO 8601 with zone
    files: Files = {}  # that are written next


class Began(Entry, frozen=True, kw_only=True, tag="began"):
    """The first line: what is to be done, by whom, and whose key signs."""

    format: int = FORMAT
    run_id: str
    token: str  # names the run to its hospitals
    key: str  # the centre's public key in OpenSSH's format
    plan: str  # JSON; `common.protocol.plan`
    strategy: dict[str, Any]  # the numbers of ``strategy`` that do not travel, too
    hospitals: dict[str, str]  # key to name, in configured order
    versions: dict[str, str]
    keeps_updates: bool = False
    round: int = 0  # complete before the ledger began; above 0 in a run of an earlier version
    model: str  # digest of the model that the next round starts from
    init: dict[str, Any] = {}  # the finished model that it is, as `common.artifacts.external.lineage` says it
    found: Files = {}  # that lay there already


class Described(Entry, frozen=True, kw_only=True, tag="described"):
    """What the hospitals hold, or share."""

    hospitals: dict[str, str] = {}  # key to the SHA-256 of its description


class Asked(Entry, frozen=True, kw_only=True, tag="asked"):
    """Who is asked to train, before anybody is."""

    round: int
    hospitals: list[str]


class Update(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An update that went into a model."""

    hospital: str
    samples: int
    digest: str  # of what arrived; see `common.protocol.digest`
    signature: str = ""  # the hospital's; empty where it has no key, as in a simulation


class LeftOut(Struct, frozen=True, kw_only=True):
    """A hospital whose update did not go in."""

    hospital: str
    reason: str


class Combined(Entry, frozen=True, kw_only=True, tag="combined"):
    """What a round's model was made of."""

    round: int
    updates: list[Update]
    left_out: list[LeftOut] = []
    model: str  # digest of the new model


class Estimated(Entry, frozen=True, kw_only=True, tag="estimated"):
    """BatchNorm's statistics of a round's model were estimated anew, from what these hospitals returned."""

    round: int
    hospitals: list[str]
    model: str  # digest of the model with them


class RoundDone(Entry, frozen=True, kw_only=True, tag="round"):
    """A round is complete; its checkpoint and its row of the history are in `files`."""

    round: int
    best: bool = False


class Stored(Entry, frozen=True, kw_only=True, tag="stored"):
    """Every file that was announced is on the disk."""


class Resumed(Entry, frozen=True, kw_only=True, tag="resumed"):
    """The run goes on in a new process, after this round and with the files that lay there."""

    round: int
    versions: dict[str, str]
    found: Files


class Ended(Entry, frozen=True, kw_only=True, tag="ended"):
    """The run stopped before its time."""

    state: str
    reason: str  # the code of the error; its sentence, which may name a folder of the centre, is in ``status.json``


class Completed(Entry, frozen=True, kw_only=True, tag="completed"):
    """The run is done; ``model_meta.json`` is the one file that is written after the next line."""

    best_round: int
    model: str | None  # SHA-256 of ``global_model.pth``
    meta: str  # SHA-256


AnyEntry = Began | Described | Asked | Combined | Estimated | RoundDone | Stored | Resumed | Ended | Completed
Kind = TypeVar("Kind", bound=Entry)


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    entry: Raw
    signature: str


class Differs(Exception):
    """The first thing that is not as the ledger says; the text is a sentence."""

    def __init__(self, sentence: str, file: str = LEDGER, line: int | None = None, round: int | None = None) -> None:
        super().__init__(sentence)
        self.file, self.line, self.round = file, line, round


@dataclass(frozen=True)
class Chain:
    """A ledger that was read and whose chain holds."""

    entries: Sequence[AnyEntry]
    hashes: Sequence[str]  # SHA-256 of each line
    torn: bool  # a killed process left the beginning of a further line

    @property
    def began(self) -> Began:
        """The first line."""
        first = self.entries[0]
        assert isinstance(first, Began)
        return first

    @cached_property
    def completed(self) -> Completed | None:
        """The line that completes the run, where all that it announces but the last file is stored."""
        for entry in reversed(self.entries):
            if isinstance(entry, Resumed | Ended):
                return None
            if isinstance(entry, Completed):
                return entry if isinstance(self.entries[-1], Stored) else None
        return None

    @property
    def combined(self) -> dict[int, Combined]:
        """What each round's model was made of; of a round that was repeated, the last time."""
        return {entry.round: entry for entry in self.entries if isinstance(entry, Combined)}

    def model_after(self, number: int) -> str | None:
        """Return the digest of the model that a round ended with; None where it made none."""
        made = [entry for entry in self.entries if isinstance(entry, Combined | Estimated) and entry.round == number]
        return made[-1].model if made else None


def line_of(entry: Entry, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return an entry as a signed line, without the line's end."""
    content = msgspec.json.encode(entry)
    return _joined(content, keys.sign(key, content))


def hash_of(line: bytes) -> str:
    """Return what the next line holds of this one."""
    return hashlib.sha256(line).hexdigest()


def read_chain(path: Path) -> Chain:
    """Read a ledger and check that every line is whole, signed, and follows the one before.

    Raises
    ------
    Differs
        With the first line that is not.
    """
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise Differs(f"{LEDGER} is missing, or no file that this program wrote.")
        content = files.read_bytes(path, MOST_BYTES)
    except OSError as error:
        raise Differs(f"{LEDGER} cannot be read ({error.strerror}).") from None
    *lines, rest = content.split(b"\n")
    if not lines:
        raise Differs(f"{LEDGER} holds no complete line.", line=1)
    reader = _Reader()
    for line in lines:
        reader.take(line)
    if rest and _is_whole(rest[:-1]):  # a process that is killed leaves less
        raise Differs(f"{LEDGER}: line {len(lines) + 1} does not end as it was written.", line=len(lines) + 1)
    return Chain(reader.entries, reader.hashes, torn=bool(rest))


class _Reader:
    """Takes one line after the other."""

    def __init__(self) -> None:
        self.entries: list[AnyEntry] = []
        self.hashes: list[str] = []
        self._key: ec.EllipticCurvePublicKey | None = None

    def take(self, line: bytes) -> None:
        number = len(self.entries) + 1
        entry, content, signature = _parsed(line, number)
        if (entry.number, entry.previous) != (number, self.hashes[-1] if self.hashes else ""):
            raise Differs(
                f"{LEDGER}: line {number} does not follow the line before; one was changed, left out or moved.",
                line=number,
                round=round_of(entry),
            )
        if isinstance(entry, Began) != (number == 1):
            raise Differs(f"{LEDGER}: line {number} cannot stand there.", line=number)
        if isinstance(entry, Began):
            self._key = _public(entry.key)
        if self._key is None or not keys.is_signed(self._key, content, signature):
            raise Differs(
                f"{LEDGER}: line {number} is not signed by the key of the first line.",
                line=number,
                round=round_of(entry),
            )
        self.entries.append(entry)
        self.hashes.append(hash_of(line))


def round_of(entry: Entry) -> int | None:
    """Return the round that a line is about."""
    return getattr(entry, "round", None)


def _parsed(line: bytes, number: int) -> tuple[AnyEntry, bytes, str]:
    try:
        found = msgspec.json.decode(line, type=_Line)
        content = bytes(found.entry)
        if _joined(content, found.signature) != line or not _HEX.fullmatch(found.signature.encode()):
            raise ValueError("written in another way")
        entry: AnyEntry = msgspec.json.decode(content, type=AnyEntry)
    except (ValueError, RecursionError):
        raise Differs(f"{LEDGER}: line {number} cannot be read; it was changed.", line=number) from None
    return entry, content, found.signature


def _joined(content: bytes, signature: str) -> bytes:
    return b'{"entry":' + content + b',"signature":"' + signature.encode() + b'"}'


def _public(line: str) -> ec.EllipticCurvePublicKey:
    try:
        return keys.public_from_line(line)
    except ValueError:
        raise Differs(f"{LEDGER}: line 1 holds no public key.", line=1) from None


def _is_whole(line: bytes) -> bool:
    try:
        _parsed(line, 0)
    except Differs:
        return False
    return True
