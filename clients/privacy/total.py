"""What all runs together have cost a hospital's patients, whatever became of the runs.

One small file a hospital, ``privacy/<hospital>.json`` in its cache folder (mode 0600); nothing sweeps it away.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock

from common import files
from common.artifacts.run_files import now
from common.errors import RunError


class RunCost(msgspec.Struct):
    """What one run has cost so far."""

    began: str  # ISO 8601
    epsilon: float = 0.0
    delta: float = 0.0


class Total:
    """One hospital's file.

    Raises
    ------
    RunError
        ``STORE002`` if it is damaged.
    OSError
        If it cannot be read or written.
    """

    def __init__(self, cache_dir: Path, hospital: str) -> None:
        self.path = cache_dir / "privacy" / f"{hospital}.json"

    def knows(self, token: str) -> bool:
        """Tell whether a run has spent anything here."""
        return token in self.runs()

    def runs(self) -> dict[str, RunCost]:
        """Return every run's cost by its token, oldest first."""
        return self._read(self.path.read_bytes() if self.path.exists() else b"")

    def spent(self, but: str = "") -> float:
        """Return the epsilon that all runs, but one, have cost together at the most: it adds up, and so does delta."""
        return sum(each.epsilon for token, each in self.runs().items() if token != but)

    def note(self, token: str, epsilon: float, delta: float) -> None:
        """Write down what a run has cost so far, down to the disk."""
        with self._opened() as runs:
            cost = runs.setdefault(token, RunCost(now()))
            cost.epsilon, cost.delta = epsilon, delta

    @contextmanager
    def _opened(self) -> Iterator[dict[str, RunCost]]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self.path.with_suffix(".lock")):
            runs = self.runs()
            before = msgspec.json.encode(runs)
            yield runs
            if (after := msgspec.json.encode(runs)) != before:
                files.replace(self.path, after, mode=0o600)
                files.sync_folder(self.path.parent)

    def _read(self, content: bytes) -> dict[str, RunCost]:
        try:
            return msgspec.json.decode(content, type=dict[str, RunCost]) if content else {}
        except msgspec.MsgspecError:
            raise RunError(
                "STORE002",
                f"{self.path} is damaged, and it says what all runs have cost the patients of this hospital; put the "
                "file back from a copy.",
            ) from None
