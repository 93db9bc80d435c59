"""A study and its cells, typed.

A cell is one strategy with one seed: with every hospital, without one of them, or with one fold as the test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.config.strategies import NOTHING, POOLED_STRATEGY, STRATEGIES
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
    fold: int | None = None
    """The fold that is the test, from 1; None for the run's own split."""


@dataclass(frozen=True)
class External:
    """How a cell's model does at the hospital that was left out of its training, on every usable slice there."""

    evaluation_id: str
    """For example ``"evaluation-003"``."""
    confusion: Confusion
    effect: float = 1.0
    """How many slices there say as much as one independent one; see `common.metrics.clusters`."""


@dataclass(frozen=True)
class CellResult:
    """What is known of a cell."""

    cell: Cell
    state: str = "missing"
    """One of `CELL_STATES`; ``"missing"`` was not started. With `Study.external` a cell that leaves a hospital out is
    completed once its model was tested there."""
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
    effects: Mapping[str, float] = field(default_factory=dict)
    """Design effect of each hospital's accuracy, where its groups were drawn from; 1 counts slices as independent."""
    external: External | None = None
    """At the hospital that was left out; None where that was not asked, or is not known yet."""

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
    external: bool = False
    """Whether each hospital in turn was left out and is then the test, with every strategy that shares one model."""
    folds: int = 0
    """Folds that each hospital's groups were dealt into, each the test of one run; 0 for the run's own split."""
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
    def planned(self) -> list[CellResult]:
        """The cells that the study runs: in one of folds, without the runs on their own split that are shown beside."""
        return [each for each in self.cells if not self.folds or each.cell.fold or each.cell.without]

    @property
    def unfinished(self) -> list[CellResult]:
        """The cells whose figures are not known."""
        return [result for result in self.cells if not result.completed]

    def is_external(self, cell: Cell) -> bool:
        """Tell whether a cell's model is tested at the hospital that it was trained without."""
        return self.external and cell.without is not None and shares_one_model(cell.strategy)

    @property
    def sharing(self) -> list[str]:
        """The strategies that end with one model for all hospitals, which another hospital can be tested with."""
        return [name for name in self.strategies if shares_one_model(name)]

    def seeds_of(self, strategy: str, without: str | None = None) -> dict[int, CellResult]:
        """Return what is known of a strategy by seed, in the study's order of seeds.

        In a study of folds that is all folds of a seed together: every slice is tested once. A seed that lacks one is
        left out.
        """
        if not self.folds or without is not None:
            return self.cells_of(strategy, without)
        folds = [self.cells_of(strategy, fold=number) for number in range(1, self.folds + 1)]
        whole = [seed for seed in folds[0] if all(seed in each for each in folds)]
        return {seed: together([each[seed] for each in folds], Cell(strategy, seed)) for seed in whole}

    def cells_of(self, strategy: str, without: str | None = None, fold: int | None = None) -> dict[int, CellResult]:
        """Return the completed cells of a strategy by seed, of one fold or of the run's own split."""
        wanted = (strategy, without, fold)
        return {
            result.cell.seed: result
            for result in self.cells
            if result.completed and (result.cell.strategy, result.cell.without, result.cell.fold) == wanted
        }


def together(results: Sequence[CellResult], cell: Cell) -> CellResult:
    """Add up the tests of several runs as those of one cell; a design effect counts by the slices that it is of."""
    tests: dict[str, Confusion] = {}
    weights: dict[str, float] = {}
    for result in results:
        for name, confusion in result.tests.items():
            tests[name] = tests[name] + confusion if name in tests else confusion
            weights[name] = weights.get(name, 0.0) + result.effects.get(name, 1.0) * float(confusion.sum())
    steps = [result.steps for result in results if result.steps is not None]
    return CellResult(
        cell,
        COMPLETED,
        steps=sum(steps) if len(steps) == len(results) else None,
        missed=tuple(dict.fromkeys(name for result in results for name in result.missed)),
        tests=tests,
        effects={name: weights[name] / float(tests[name].sum()) for name in tests if tests[name].any()},
    )


def shares_one_model(strategy: str) -> bool:
    """Tell whether a strategy ends with one model for all hospitals; an unknown one does not."""
    return strategy in STRATEGIES and STRATEGIES[strategy].local_layers == NOTHING
