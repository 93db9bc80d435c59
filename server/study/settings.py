"""What ``python -m server.study`` can be told beside a run's settings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from omegaconf import DictConfig

from common.config.hydra import typed
from common.config.settings import RunSettings
from common.config.strategies import NUMBERS
from common.errors import InputError
from common.study.records import LOCAL, POOLED

FEWEST_TO_LEAVE_ONE_OUT = 3


@dataclass
class StudyGrid:
    """The grid of a study.

    Attributes
    ----------
    name : str
        What it is called on screens.
    strategies : list of str
        Names of files under ``conf/strategy/``. The first that is neither ``local`` nor ``pooled`` is the one that the
        questions are about.
    seeds : list of int
        Each strategy runs once with each.
    leave_one_out : bool
        Whether that first strategy also runs without each hospital in turn.
    """

    name: str = "study"
    strategies: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    leave_one_out: bool = False

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
    check_grid(settings.study, len(settings.hospitals))
    return settings.study


def check_grid(grid: StudyGrid, hospitals: int) -> None:
    """Refuse a grid that cannot be; the parameters are a grid and the number of hospitals that take part."""
    for name in ("strategies", "seeds"):
        values = getattr(grid, name)
        if not values:
            raise InputError("STUDY001", f"study.{name} is empty; list at least one, for example {_EXAMPLES[name]}.")
        if twice := [value for value, times in Counter(values).items() if times > 1]:
            raise InputError("STUDY001", f"study.{name} lists {twice[0]} twice; name each once.")
    if unknown := [name for name in grid.strategies if name not in NUMBERS]:
        raise InputError("STUDY001", f"There is no strategy '{unknown[0]}'; choose from: {', '.join(NUMBERS)}.")
    if grid.leave_one_out and grid.federated is None:
        raise InputError("STUDY001", "study.leave_one_out needs a federated strategy in study.strategies.")
    if grid.leave_one_out and hospitals < FEWEST_TO_LEAVE_ONE_OUT:
        raise InputError(
            "STUDY001",
            f"Leaving a hospital out of {hospitals} leaves no federation; set study.leave_one_out=false, or name at "
            f"least {FEWEST_TO_LEAVE_ONE_OUT} hospitals.",
        )


_EXAMPLES = {"strategies": "study.strategies=[local,fedavg,pooled]", "seeds": "study.seeds=[42,43,44]"}
