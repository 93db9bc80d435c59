"""From flags to the runs of the table, each with its resolved settings; all are checked before one starts."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.config.hydra import compose_settings
from common.config.settings import EVERY_WEIGHT, HEAD, LAST
from common.study.records import Cell
from server.study.grid import PlannedCell

NETWORK = "resnet18_gn"
_TRAINED = {
    EVERY_WEIGHT: "every weight",
    HEAD: "last layer and scales, from made images",
    LAST: "last layer, from made images",
}


@dataclass(frozen=True)
class Row:
    """A line of the table: what is trained, within which budget."""

    part: str
    """As `train.part`."""
    epsilon: float | None
    """None: no clip and no noise."""
    views: int = 1
    """Augmented copies of a slice; of runs with a budget."""

    @property
    def title(self) -> str:
        """What it is called in the table."""
        trained = _TRAINED[self.part]
        return f"{trained}, {self.views} views" if self.views > 1 else trained

    @property
    def budget(self) -> str:
        """Its epsilon in words."""
        return "none" if self.epsilon is None else f"{self.epsilon:g}"


@dataclass(frozen=True)
class Given:
    """Settings of a run, by the rows that have them."""

    everywhere: Sequence[str]
    private: Sequence[str]
    """Of rows with a budget."""
    plain: Sequence[str]
    """Of rows without one."""
    head: Sequence[str]
    """Of rows that train a part, above all others."""

    def of(self, row: Row, seed: int) -> list[str]:
        """Return the overrides of a row's run."""
        if row.epsilon is None:
            own = [f"model={NETWORK}", *self.plain]
        else:
            own = ["privacy=dp_sgd", f"privacy.epsilon={row.epsilon:g}", f"privacy.views={row.views}", *self.private]
        if row.part != EVERY_WEIGHT:
            own += [f"train.part={row.part}", "init=synthetic", *self.head]
        return [*self.everywhere, *own, f"seed={seed}", "in_service=false"]


def rows_of(parts: Sequence[str], epsilons: Sequence[float | None], views: Sequence[int]) -> list[Row]:
    """Return the table's lines, in order; without a budget there is one view alone."""
    return [
        Row(part, epsilon, count)
        for part in parts
        for count in views
        for epsilon in epsilons
        if epsilon is not None or count == min(views)
    ]


def plan(rows: Sequence[Row], seeds: Sequence[int], given: Given) -> list[tuple[Row, PlannedCell]]:
    """Compose every run, seed by seed, so that each row has a figure early.

    Raises
    ------
    InputError
        For settings that cannot be; as `compose_settings`.
    """
    return [
        (row, PlannedCell(Cell(repr(row), seed), compose_settings(given.of(row, seed))))
        for seed in seeds
        for row in rows
    ]
