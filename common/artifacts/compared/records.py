"""Two recipes beside each other: pairs of runs, each judged on the same cases, and what became of each pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.metrics.paired.seeds import PairedTables

COMPLETED = "completed"


@dataclass(frozen=True)
class Pair:
    """Two runs with the same seed, fold and left-out hospital, and where both are judged."""

    run: str
    reference: str
    seed: int
    hospitals: tuple[str, ...]
    """Keys: of those that trained both models, or of those that trained neither."""
    fold: int | None = None
    without: str | None = None
    """Name of the hospital that both were trained without; None if none was left out."""
    elsewhere: bool = False
    """Whether the hospitals trained neither model."""


@dataclass(frozen=True)
class PairResult:
    """What is known of a pair."""

    pair: Pair
    state: str = "missing"
    """``"completed"``, ``"failed"`` or ``"missing"``."""
    evaluation: str | None = None
    reason: str | None = None
    """Why it is not completed, in a sentence."""
    tables: Mapping[str, PairedTables] = field(default_factory=dict)
    """By hospital name; without the classes that no training hospital holds."""
    tested: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """By hospital name: the slices that were judged."""
    unknown: int = 0
    """Slices of classes that no training hospital holds, which were left out."""
    source: str | None = None
    """What told the patients."""
    synthetic: bool = False


@dataclass(frozen=True)
class Comparison:
    """All pairs of two runs, or of two studies' strategies."""

    comparison_id: str
    of: str
    """For example ``"run-007"`` or ``"study-002:fedavg"``."""
    reference: str
    state: str = "running"
    """``"running"``, ``"completed"``, ``"incomplete"`` or ``"interrupted"``."""
    command: str | None = None
    """What to type to go on."""
    started_at: str | None = None
    pairs: tuple[PairResult, ...] = ()
    unpaired: tuple[str, ...] = ()
    """What has no partner, in sentences."""

    @property
    def unfinished(self) -> list[PairResult]:
        """The pairs that are not completed."""
        return [each for each in self.pairs if each.state != COMPLETED]
