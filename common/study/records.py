"""A study and its cells, typed; a cell is one strategy with one seed, with every hospital or without one of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.config.strategies import POOLED_STRATEGY
from common.errors import Problem
from common.metrics.confusion import Confusion

LOCAL = "local"
POOLED = POOLED_STRATEGY
COMPLETED = "completed"
CELL_STATES = (COMPLETED, "running", "failed", "interrupted", "missing")
INCOMPLETE = "incomplete"
STUDY_STATES = ("running", COMPLETED, INCOMPLETE, "interrupted")


@dataclass(frozen=True)
class Cell:
    """One place in a study's grid."""

    strategy: str
    """For example ``"fedavg"``, or a baseline: ``"local"``, ``"pooled"``."""
    seed: int
    """Changes the split, the first weights, the order of slices and their augmentation."""
    without: str | None = None
    """Name of the hospital that does not take part; None if all do."""


@dataclass(frozen=True)
class CellResult:
    """What is known of a cell."""

    cell: Cell
    state: str = "missing"
    """One of `CELL_STATES`; ``"missing"`` was not started."""
    run_id: str | None = None
    """The run behind it, for example ``"run-007"``."""
    reason: str | None = None
    """Why it is not completed, in a sentence."""
    seconds: float | None = None
    """What the run took."""
    steps: int | None = None
    """Gradient steps, summed over rounds and hospitals."""
    missed: tuple[str, ...] = ()
    """Hospitals that missed a round of it."""
    tests: Mapping[str, Confusion] = field(default_factory=dict)
    """Confusion matrix on each hospital's test slices, by its name; empty unless completed."""

    @property
    def completed(self) -> bool:
        """Whether its figures are known."""
        return self.state == COMPLETED


@dataclass(frozen=True)
class Study:
    """A grid of cells and what became of each."""

    study_id: str
    """For example ``"study-001"``."""
    name: str = ""
    """What its owner calls it."""
    state: str = INCOMPLETE
    """One of `STUDY_STATES`; `INCOMPLETE` ended with cells that failed."""
    strategies: tuple[str, ...] = ()
    """In the order of every table."""
    seeds: tuple[int, ...] = ()
    leave_one_out: bool = False
    """Whether the federation also ran without each hospital."""
    hospitals: tuple[str, ...] = ()
    """Names, in configured order."""
    cells: tuple[CellResult, ...] = ()
    """The whole grid, in the order it is run."""
    class_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Hospital to class to slices; empty until a run has completed."""
    synthetic: bool = False
    """Whether a program drew the slices."""
    command: str | None = None
    """What to type to go on."""
    plan_sha256: str | None = None
    """Of the settings of all cells: the same plan goes on, another is another study."""
    unlike: tuple[str, ...] = ()
    """Which strategies train with other settings than the rest, and which, so that they are not like for like."""
    started_at: str | None = None
    updated_at: str | None = None
    problems: tuple[Problem, ...] = ()
    """What could not be read; empty for a study in the making."""

    @property
    def federated(self) -> str | None:
        """The strategy that the questions are about: the first that is no baseline; None if all are."""
        return next((name for name in self.strategies if name not in (LOCAL, POOLED)), None)

    @property
    def unfinished(self) -> list[CellResult]:
        """The cells whose figures are not known."""
        return [result for result in self.cells if not result.completed]

    def seeds_of(self, strategy: str, without: str | None = None) -> dict[int, CellResult]:
        """Return the completed cells of a strategy by seed, in the study's order of seeds."""
        return {
            result.cell.seed: result
            for result in self.cells
            if result.completed and (result.cell.strategy, result.cell.without) == (strategy, without)
        }
