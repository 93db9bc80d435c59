"""A hospital's record of a run, and what the centre's ledger says to it: which updates went in."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from common import files
from common.artifacts.ledger.lines import Chain
from common.errors import InputError
from common.protocol.signatures import Head, UpdateStatement

RECORD = "proof.jsonl"
_MOST_BYTES = 64_000_000


class Seen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="seen"):
    """The end of the ledger, as the centre told it with a task."""

    at: str
    round: int
    task: str  # "train", "val" or "test"
    head: Head


class Sent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="sent"):
    """An update that the hospital sent."""

    at: str
    update: UpdateStatement
    signature: str = ""  # the hospital's own; empty where it has no key


class Verdict(Struct, frozen=True):
    """What comes of one line of the record."""

    holds: bool
    sentence: str


def line_of(entry: Seen | Sent) -> bytes:
    """Return one line of the record, without the line's end."""
    return msgspec.json.encode(entry)


def read_record(path: Path) -> list[Seen | Sent]:
    """Read a record; the beginning of a last line that a killed process left is not counted.

    Raises
    ------
    InputError
        ``LEDGER006`` if it cannot be read.
    """
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            raise ValueError("no such file")
        *lines, _ = files.read_bytes(path, _MOST_BYTES).split(b"\n")
        return [msgspec.json.decode(line, type=Seen | Sent) for line in lines]
    except (OSError, ValueError, RecursionError):
        raise InputError("LEDGER006", f"{path} is missing, or is not a hospital's record of a run.") from None


def compare(record: list[Seen | Sent], chain: Chain) -> Iterator[Verdict]:
    """Yield what the ledger says to each line of a record that is of interest to the hospital."""
    heads = [entry for entry in record if isinstance(entry, Seen)]
    wrong = [verdict for entry in heads if (verdict := _head_problem(entry, chain))]
    yield from wrong
    if heads and not wrong:
        yield Verdict(True, f"All {len(heads)} ends of the ledger that the centre told this hospital are in it.")
    by_round: dict[int, list[Sent]] = {}
    for entry in record:
        if isinstance(entry, Sent):
            by_round.setdefault(entry.update.round, []).append(entry)
    for number, sent in sorted(by_round.items()):
        yield _went_in(number, sent, chain)


def _head_problem(seen: Seen, chain: Chain) -> Verdict | None:
    head, where = seen.head, f"round {seen.round}"
    if head.token != chain.began.token:
        return Verdict(False, f"{where}: the record is of another run than this ledger.")
    if head.key != chain.began.key or not head_is_signed(head):
        return Verdict(False, f"{where}: what the centre told the hospital was signed by another key than this ledger.")
    if head.line > len(chain.hashes):
        return Verdict(
            False, f"{where}: the centre told of line {head.line}, and this ledger ends at line {len(chain.hashes)}."
        )
    if chain.hashes[head.line - 1] != head.sha256:
        return Verdict(False, f"{where}: line {head.line} is not the one that the centre told the hospital.")
    return None


def head_is_signed(head: Head) -> bool:
    """Tell whether the centre signed what it told."""
    try:
        Head.from_json(head.to_json())
    except InputError:
        return False
    return True


def _went_in(number: int, sent: list[Sent], chain: Chain) -> Verdict:
    """Say what became of a round's update; one that was asked for again may have been sent again."""
    said = sent[-1].update
    what = f"round {number}: your update {said.digest[:12]}…"
    line = chain.combined.get(number)
    if line is None:
        return Verdict(True, f"{what} is in no model: this ledger has none of round {number}.")
    for update in line.updates:
        if (update.hospital, update.digest) in [(each.update.hospital, each.update.digest) for each in sent]:
            return Verdict(True, f"round {number}: your update {update.digest[:12]}… went in.")
    for left in line.left_out:
        if left.hospital == said.hospital:
            return Verdict(True, f"{what} did not go in: {left.reason}.")
    return Verdict(False, f"{what} is not in this ledger.")
