"""What a run's training has cost a hospital's patients: written down before a step is taken, and never forgotten.

A run has one file, ``runs/<token>/<hospital>/privacy.json`` in the hospital's cache folder (mode 0600). An entry stands
for one question of the centre: a question that is repeated has the same answer, and costs nothing; any other one, be it
of the same round, costs anew. `clients.privacy.total` knows which runs have a file, so that a lost one is missed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock

from clients.local_state import run_folder
from clients.privacy.total import Total
from clients.site import Site
from common import files
from common.errors import RunError
from common.metrics.evaluation import Spent
from common.privacy.accountant import Spending

LEDGER = "privacy.json"


class Entry(msgspec.Struct, frozen=True):
    """The steps that one question was granted."""

    question: str  # SHA-256 of all that they follow from
    round: int
    steps: int
    rate: float  # with which each step draws a patient
    noise: float  # multiplier: deviation over the clip, of this hospital's own noise
    against: tuple[float, float, float]  # multiplier against the centre, with one other hospital, with all but one
    spent: Spent  # after these steps


class Ledger(msgspec.Struct):
    """What the file holds."""

    plan: str = ""  # SHA-256 of the plan that the run began with; empty before it has
    delta: float = 0.0
    noise: float = 0.0  # multiplier that this hospital chose; 0 where the plan or the session says it
    entries: list[Entry] = []  # oldest first

    @property
    def spent(self) -> float:
        """Epsilon against the centre, of all that was granted."""
        return self.entries[-1].spent.epsilon if self.entries else 0.0

    def entry(self, question: str) -> Entry | None:
        """Return what a question was granted; None for one that was not asked before."""
        return next((each for each in self.entries if each.question == question), None)

    def history(self, view: int) -> list[Spending]:
        """Return what was spent against the centre (0), with one other hospital (1), or with all but one (2)."""
        return [Spending(each.against[view], each.rate, each.steps) for each in self.entries]


@contextmanager
def opened_ledger(site: Site, token: str) -> Iterator[Ledger]:
    """Yield a run's ledger, alone; write it down, down to the disk, if it changed; an exception changes nothing.

    Raises
    ------
    RunError
        ``STORE002`` if it is damaged or gone, ``DISK001`` if it cannot be written.
    """
    path, total = run_folder(site, token) / LEDGER, Total(site.cache_dir, site.hospital.key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(path.with_suffix(".lock")):
            before = path.read_bytes() if path.exists() else b""
            if not before and total.knows(token):
                raise _unusable(path, "missing")
            ledger = _read(before, path)
            yield ledger
            if (after := msgspec.json.encode(ledger)) != before:
                files.replace(path, after, mode=0o600)
                files.sync_folder(path.parent)
            total.note(token, ledger.spent, ledger.delta)
    except OSError as error:
        raise RunError("DISK001", f"{path} cannot be written ({files.why(error)}); make room there.") from None


def _read(content: bytes, path: Path) -> Ledger:
    try:
        return msgspec.json.decode(content, type=Ledger) if content else Ledger()
    except msgspec.MsgspecError:
        raise _unusable(path, "damaged") from None


def _unusable(path: Path, what: str) -> RunError:
    return RunError(
        "STORE002",
        f"{path} is {what}, and only it says what this run has cost the patients of this hospital; put the file back, "
        "or start a new run.",
    )
