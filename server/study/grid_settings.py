"""What a study may be asked for, and what of it cannot be."""

from collections import Counter
from dataclasses import dataclass, field

from omegaconf import DictConfig

from common.config.hydra import typed
from common.config.partition import dealt_keys
from common.config.settings import FOLDS, RunSettings
from common.config.strategies import STRATEGIES
from common.errors import InputError
from common.study.records import LOCAL, POOLED, shares_one_model

FEWEST_TO_LEAVE_ONE_OUT = 3
_MOST_AT_ONCE = 64


@dataclass
class StudyGrid:
    """The grid of a study."""

    name: str = "study"
    """What it is called on pages and the terminal."""
    strategies: list[str] = field(default_factory=list)
    """Names of files under ``conf/strategy/``; the questions are about the first that is no baseline."""
    seeds: list[int] = field(default_factory=list)
    """Each strategy runs once with each."""
    leave_one_out: bool = False
    """Whether that first strategy also runs without each hospital in turn."""
    external: bool = False
    """Whether every strategy that shares one model does, and each hospital is then the test of what ran without it."""
    folds: int = 0
    """Into how many folds each hospital's groups are dealt, each the test of one run; 0 for the run's own split."""
    parallel: int = 1
    """How many runs at a time; with more than one, each has one thread."""

    @property
    def left_out_with(self) -> list[str]:
        """The strategies that also run without each hospital in turn."""
        sharing = [name for name in self.strategies if self.external and shares_one_model(name)]
        first = [self.federated] if self.leave_one_out and self.federated not in (None, *sharing) else []
        return [*(name for name in first if name), *sharing]

    @property
    def federated(self) -> str | None:
        """The strategy that the questions are about; None if all are baselines."""
        return next((name for name in self.strategies if name not in (LOCAL, POOLED)), None)


@dataclass
class StudySettings(RunSettings):
    """A run's settings, which every cell has in common, and the grid."""

    study: StudyGrid = field(default_factory=StudyGrid)


def study_grid(config: DictConfig) -> StudyGrid:
    """Turn a composed configuration into a checked grid.

    Raises
    ------
    InputError
        ``STUDY001`` for a grid that cannot be, ``CONF001``, ``CONF004`` for an unknown key or a wrong type.
    """
    settings = typed(config, StudySettings)
    check_grid(settings.study, len(dealt_keys(settings.hospitals, settings.partition)))
    return settings.study


def check_grid(grid: StudyGrid, hospitals: int) -> None:
    """Refuse a grid that cannot be; the parameters are a grid and the number of hospitals that take part."""
    for name in ("strategies", "seeds"):
        values = getattr(grid, name)
        if not values:
            raise InputError("STUDY001", f"study.{name} is empty; list at least one, for example {_EXAMPLES[name]}.")
        if twice := [value for value, times in Counter(values).items() if times > 1]:
            raise InputError("STUDY001", f"study.{name} lists {twice[0]} twice; name each once.")
    if unknown := [name for name in grid.strategies if name not in STRATEGIES]:
        raise InputError("STUDY001", f"There is no strategy '{unknown[0]}'; choose from: {', '.join(STRATEGIES)}.")
    _check_left_out(grid, hospitals)
    fewest, most = FOLDS
    if grid.folds and not fewest <= grid.folds <= most:
        raise InputError(
            "STUDY001",
            f"study.folds={grid.folds} cannot be; it takes {fewest} to {most} folds, or 0 for the run's own split.",
        )
    if not 1 <= grid.parallel <= _MOST_AT_ONCE:
        raise InputError(
            "STUDY001", f"study.parallel={grid.parallel} cannot be; it takes 1 to {_MOST_AT_ONCE} runs at a time."
        )


def _check_left_out(grid: StudyGrid, hospitals: int) -> None:
    """Refuse to leave hospitals out where nothing would come of it."""
    if grid.leave_one_out and grid.federated is None:
        raise InputError("STUDY001", "study.leave_one_out needs a federated strategy in study.strategies.")
    if grid.external and not grid.left_out_with:
        raise InputError(
            "STUDY001",
            "study.external tests one model where it was not trained, and none of study.strategies shares one; add "
            "fedavg.",
        )
    if grid.leave_one_out and grid.folds:
        raise InputError(
            "STUDY001",
            "study.leave_one_out compares on the run's own split, which study.folds does without; set "
            "study.leave_one_out=false, or ask for study.external=true.",
        )
    name = "study.leave_one_out" if grid.leave_one_out else "study.external"
    if grid.left_out_with and hospitals < FEWEST_TO_LEAVE_ONE_OUT:
        raise InputError(
            "STUDY001",
            f"Leaving a hospital out of {hospitals} leaves no federation; set {name}=false, or name at least "
            f"{FEWEST_TO_LEAVE_ONE_OUT} hospitals.",
        )


_EXAMPLES = {"strategies": "study.strategies=[local,fedavg,pooled]", "seeds": "study.seeds=[42,43,44]"}
