"""Are a run's files what its ledger says? The first that is not is named, with its line and its round."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common import files
from common.artifacts.layout import (
    CARD,
    CHECKPOINT,
    CONFIG,
    HISTORY,
    LABEL_MAP,
    LEDGER,
    META,
    SPLITS,
    STATS,
    STATUS,
    WEIGHTS,
    RunFolder,
    ledger_keys,
)
from common.artifacts.ledger.lines import (
    AnyEntry,
    Began,
    Chain,
    Differs,
    Files,
    Resumed,
    Stored,
    read_chain,
    round_of,
)
from common.artifacts.values import Notes, mapping, read_json
from common.errors import InputError

KNOWN = (CONFIG, LABEL_MAP, STATS, SPLITS, HISTORY, CHECKPOINT, WEIGHTS, CARD, META)
OnFile = Callable[[str], None]


@dataclass(frozen=True)
class _Said:
    """What a line says of a file."""

    digest: str
    line: int
    round: int | None


@dataclass
class Expected:
    """What the lines up to one say of the run's files."""

    settled: dict[str, _Said] = field(default_factory=dict)
    """What lies there for certain."""
    pending: dict[str, list[_Said]] = field(default_factory=dict)
    """What was announced; the process may have been killed before it was written."""
    round: int = 0
    """Last round whose files are there for certain."""

    def take(self, entry: AnyEntry) -> None:
        """Go on by a line."""
        if isinstance(entry, Began | Resumed):
            self.settled, self.pending = self._said(entry.found, entry), {}
            self.round = entry.round
        if isinstance(entry, Stored):
            self.settled |= {name: said[-1] for name, said in self.pending.items()}
            self.round = max([self.round, *(said[-1].round or 0 for said in self.pending.values())])
            self.pending = {}
        for name, said in self._said(entry.files, entry).items():
            self.pending.setdefault(name, []).append(said)

    def accepts(self, name: str, digest: str | None) -> bool:
        """Tell whether a file may be so; None is a file that is not there."""
        settled = self.settled.get(name)
        return digest in [settled.digest if settled else None, *(said.digest for said in self.pending.get(name, []))]

    def last(self, name: str) -> _Said | None:
        """Return what was said last of a file."""
        return self.pending[name][-1] if name in self.pending else self.settled.get(name)

    @staticmethod
    def _said(found: Files, entry: AnyEntry) -> dict[str, _Said]:
        return {name: _Said(digest, entry.number, round_of(entry)) for name, digest in found.items()}


def expected_of(entries: Sequence[AnyEntry]) -> Expected:
    """Return what all lines together say of the files."""
    expected = Expected()
    for entry in entries:
        expected.take(entry)
    return expected


def verify(folder: RunFolder, on_file: OnFile = lambda name: None) -> Chain:
    """Check the chain and every file that it names.

    Raises
    ------
    Differs
        With the first thing that is not as the ledger says.
    """
    chain = read_chain(folder.ledger)
    if chain.began.run_id != folder.run_id:
        raise Differs(f"{LEDGER} is that of {chain.began.run_id}.", line=1)
    check_key(folder, chain)
    check_files(folder, chain, on_file)
    return chain


def check_key(folder: RunFolder, chain: Chain) -> None:
    """Compare the key of a ledger with those that have signed in this output folder; raises `Differs`."""
    path = ledger_keys(folder.output_dir)
    try:
        known = files.read_text(path).splitlines() if path.is_file() else []
    except (OSError, ValueError):
        known = []
    if not known:  # a copy of the run, somewhere else
        return
    if chain.began.key not in known:
        raise Differs(f"{LEDGER} is signed by a key that is not among those of {path}.", line=1)


def check_files(folder: RunFolder, chain: Chain, on_file: OnFile) -> None:
    """Compare the run's files with its ledger, in the order in which the ledger speaks of them; raises `Differs`."""
    expected = expected_of(chain.entries)
    for name in sorted(expected.settled | expected.pending, key=lambda name: _line(expected, name)):
        on_file(name)
        digest = digest_of_file(folder.path / name)
        if name == CHECKPOINT and digest is None and chain.completed:
            continue  # not needed any more
        if name == STATUS and name not in expected.settled:
            continue  # changes at every step of a run
        if not expected.accepts(name, digest):
            raise _difference(name, digest, expected)
    _check_end(folder, chain, expected)


def _check_end(folder: RunFolder, chain: Chain, expected: Expected) -> None:
    """The last file of a run, and files that it cannot have."""
    completed, digest = chain.completed, digest_of_file(folder.meta)
    for name in _names(folder):
        if name != META and not expected.last(name) and digest_of_file(folder.path / name):
            raise Differs(f"{name} is not in the ledger.", name)
    if completed is None:
        if digest:
            raise Differs(f"{META} is there, but the ledger does not say that the run is complete.", META)
        return
    if chain.torn:
        raise Differs(f"{LEDGER}: something stands after its last line.", line=len(chain.entries) + 1)
    killed_before = digest is None and digest_of_file(folder.checkpoint) is not None
    if digest != completed.meta and not killed_before:
        what = "is missing" if digest is None else "was changed"
        raise Differs(f"{META} {what}: line {completed.number} of the ledger says another.", META, completed.number)


def _line(expected: Expected, name: str) -> tuple[int, str]:
    said = expected.last(name)
    return (said.line if said else 0, name)


def _difference(name: str, digest: str | None, expected: Expected) -> Differs:
    said = expected.last(name)
    assert said is not None
    of = f" of round {said.round}" if said.round else ""
    what = "is missing" if digest is None else "was changed"
    return Differs(f"{name}{of} {what}: line {said.line} of the ledger says another.", name, said.line, said.round)


def digest_of_file(path: Path) -> str | None:
    """Return a file's SHA-256; None where there is none, and text that no digest equals for what is no file."""
    try:
        if not path.exists() and not path.is_symlink():
            return None
        return files.sha256_of(path) if path.is_file() else "no regular file"
    except OSError:
        return "unreadable"


def found_files(folder: RunFolder) -> Files:
    """Return the digests of those files of a run that are there, but for its status and its kept updates."""
    digests = {name: digest_of_file(folder.path / name) for name in _names(folder)}
    return {name: digest for name, digest in digests.items() if digest}


def _names(folder: RunFolder) -> list[str]:
    lists = (path.relative_to(folder.path).as_posix() for path in folder.path.glob("cross_duplicates/*"))
    return [*KNOWN, *sorted(lists)]


def first_line_recorded(folder: RunFolder) -> str | None:
    """Return the SHA-256 of the ledger's first line as the run's other files record it; None for a run without one."""
    for path in (folder.meta, folder.status):
        found = mapping(read_json(path, Notes(path.name))).get("ledger")
        if isinstance(found, str) and found:
            return found
    return None


def require_verified(folder: RunFolder) -> Chain | None:
    """Refuse a run whose files are not what its ledger says; None for a run that has no ledger.

    Raises
    ------
    InputError
        ``LEDGER001`` something differs, ``LEDGER002`` the ledger is gone.
    """
    if not folder.ledger.exists() and not folder.ledger.is_symlink():
        if first_line_recorded(folder):
            raise ledger_gone(folder)
        return None
    try:
        return verify(folder)
    except Differs as problem:
        raise refusal(folder, problem) from None


def refusal(folder: RunFolder, problem: Differs) -> InputError:
    """Return the sentence for a run that does not verify."""
    return InputError(
        "LEDGER001",
        f"{folder.run_id} is not what was recorded: {problem} Put the file back as it was, or do not use this run.",
    )


def plan_sha256(chain: Chain) -> str:
    """Return the SHA-256 of the run's plan, as hospitals sign it."""
    return hashlib.sha256(chain.began.plan.encode()).hexdigest()


def ledger_gone(folder: RunFolder) -> InputError:
    """Return the sentence for a run whose ledger was taken away."""
    return InputError(
        "LEDGER002", f"{folder.run_id} had a {LEDGER}, and it is gone; put it back, or do not use this run."
    )


def no_ledger_before(run_id: str, round: int) -> str:
    """Say of a run that an earlier version began what its ledger cannot prove."""
    return (
        f"{run_id} was begun by a version without a ledger; one begins now, after round {round}, and nothing proves "
        "the rounds before."
    )


def no_ledger(run_id: str) -> str:
    """Say of a run without a ledger what that means."""
    return f"{run_id} has no {LEDGER} (it was begun before runs kept one), so nothing proves its files."
