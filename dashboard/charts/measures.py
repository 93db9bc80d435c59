"""The figures that curves show: accuracy, loss, macro F1; over all hospitals and at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.artifacts.schema import HospitalRound, Round
from dashboard.charts import formats


@dataclass(frozen=True)
class Measure:
    """A per-round figure.

    Attributes
    ----------
    key : str
        As it stands in the URL.
    title : str
        On screens, with the set that it was measured on.
    field : str
        Attribute of `Round` and of `HospitalRound`.
    percent : bool
        Whether it is a fraction, shown in percent, of which more is better; a loss otherwise.
    """

    key: str
    title: str
    field: str
    percent: bool

    def of(self, record: Round | HospitalRound | None) -> float | None:
        """Return the figure of a round, or of a hospital's part of it; None if it was not recorded."""
        return getattr(record, self.field) if record is not None else None

    def write(self, value: float | None) -> str:
        """Write a value with its unit."""
        return formats.percent(value) if self.percent else formats.loss(value)

    def shown(self, value: float | None) -> float | None:
        """Return the value as an axis shows it: a fraction in percent, a loss as it is."""
        return value * 100 if self.percent and value is not None else value

    @property
    def axis(self) -> str:
        """Title of the axis, with the unit."""
        return f"{self.title} (%)" if self.percent else self.title

    def best(self, rounds: Sequence[Round]) -> tuple[float, int] | None:
        """Return the best value and its round (the earliest of equals), None if none was recorded."""
        scored = [(value, round_.number) for round_ in rounds if (value := self.of(round_)) is not None]
        return max(scored, key=lambda pair: (pair[0] if self.percent else -pair[0], -pair[1]), default=None)


ACCURACY = Measure("accuracy", "Validation accuracy", "val_accuracy", percent=True)
LOSS = Measure("loss", "Validation loss", "val_loss", percent=False)
MACRO_F1 = Measure("macro_f1", "Validation macro F1", "val_macro_f1", percent=True)
MEASURES: dict[str, Measure] = {measure.key: measure for measure in (ACCURACY, LOSS, MACRO_F1)}
