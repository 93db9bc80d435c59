"""When the study will end, from what its runs have taken so far."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

from common.study.records import Cell


class Pace:
    """Remembers what runs took, whole ones only.

    A run is expected to take the mean of its strategy's; of a strategy that has not run yet, the mean of all.
    """

    def __init__(self) -> None:
        self._seconds: dict[Cell, float] = {}

    def note(self, cell: Cell, seconds: float | None) -> None:
        """Remember a cell's wall time in seconds; what is known first is kept."""
        if seconds is not None:
            self._seconds.setdefault(cell, seconds)

    def expected(self, cells: Sequence[Cell]) -> float | None:
        """Return the seconds that these cells will take one after the other, None before the first is done."""
        if not self._seconds:
            return None
        return sum(self._of(cell) for cell in cells)

    def _of(self, cell: Cell) -> float:
        alike = [s for known, s in self._seconds.items() if known.strategy == cell.strategy]
        same = [s for known, s in self._seconds.items() if _kind(known) == _kind(cell)]
        return mean(same or alike or self._seconds.values())


def _kind(cell: Cell) -> tuple[str, bool]:
    return cell.strategy, cell.without is not None
