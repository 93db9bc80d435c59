"""Where hospitals keep tensors of their own: which round's each is to take up, said in every message.

The server knows it from what it has written down, so that a hospital needs no memory of its own: a round that is
repeated, and a run that is resumed, name the same round as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.config.strategies import EVERYTHING, NOTHING
from common.protocol import names
from server.recording.checkpoint import RunProgress

Row = dict[str, Any]
Said = dict[str, str | int]


class Keeping:
    """What messages say about the hospitals' own tensors.

    Parameters
    ----------
    keeps : str
        What stays at the hospitals, one of `common.config.strategies.LOCAL_LAYERS`.
    progress : RunProgress
        The run's token, its history and its best round; it grows while the run goes on.
    control_variates : bool
        Whether hospitals keep something that is no part of the model.
    """

    def __init__(self, keeps: str, progress: RunProgress, control_variates: bool = False) -> None:
        self._keeps = keeps
        self._nothing = keeps == NOTHING and not control_variates
        self._progress = progress

    def to_train(self, name: str) -> Said:
        """Say whose tensors a hospital starts the next round from, and which it must hold on to for the test."""
        return self._said(self._own(name, self._progress.round), self._own(name, self.best_round(name)))

    def to_validate(self, name: str, number: int, replied: Sequence[str]) -> Said:
        """Say whose tensors go with the model of a round that is not in the history yet."""
        own = number if name in replied else self._own(name, self._progress.round)
        return self._said(own, self._own(name, self.best_round(name)))

    def to_test(self, name: str) -> Said:
        """Say whose tensors go with the best model."""
        own = self._own(name, self.best_round(name))
        return self._said(own, own)

    def best_round(self, name: str) -> int:
        """Return the round whose model is tested at a hospital; 0 before the first.

        One that keeps everything chooses by its own validation slices, as it would if it were alone.
        """
        if self._keeps == EVERYTHING:
            return own_best_round(self._progress.history, name)
        return self._progress.best_round

    @property
    def temperature(self) -> float | None:
        """The temperature of the model that is tested; None where each hospital tests a model of its own round.

        A run that an earlier version began has none either.
        """
        if self._keeps == EVERYTHING:
            return None
        found = self._progress.best_row.get("temperature")
        return None if found is None else float(found)

    def _own(self, name: str, number: int) -> int:
        return last_taught(self._progress.history, name, number)

    def _said(self, own: int, hold: int) -> Said:
        if self._nothing:
            return {}
        return {names.RUN: self._progress.token, names.OWN: own, names.HOLD: hold}


def last_taught(history: Sequence[Row], name: str, number: int) -> int:
    """Return the last round, up to `number`, in which a hospital's training was accepted; 0 if there is none."""
    return max((row["epoch"] for row in history if row["epoch"] <= number and name in row["replied"]), default=0)


def own_best_round(history: Sequence[Row], name: str) -> int:
    """Return the round with a hospital's own highest validation accuracy, then lowest loss; 0 if there is none."""
    best, number = (0.0, 0.0), 0
    for row in history:
        part = row["hospitals"].get(name, {})
        if "val_accuracy" in part:
            score = (part["val_accuracy"], -part["val_loss"])
            if not number or score > best:
                best, number = score, row["epoch"]
    return number
