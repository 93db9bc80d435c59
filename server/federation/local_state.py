"""Where hospitals keep tensors of their own: which round's each is to take up, said in every message.

The server knows it from what it has written down, so that a hospital needs no memory of its own: a round that is
repeated, and a run that is resumed, name the same round as before.
"""

from collections.abc import Sequence
from typing import Any

from common.config.strategies import EVERYTHING
from common.protocol.messages import LocalStateRef
from common.protocol.plan import Plan
from server.recording.checkpoint import RunProgress

Row = dict[str, Any]  # of ``training_history.json``


class LocalStates:
    """What messages say about the hospitals' own tensors.

    Parameters
    ----------
    progress : RunProgress
        The run's token, its history and its best round; it grows while the run goes on.
    """

    def __init__(self, plan: Plan, progress: RunProgress) -> None:
        self._alone = plan.strategy.keeps == EVERYTHING
        self._progress = progress

    def to_train(self, name: str) -> LocalStateRef:
        """Say whose tensors a hospital starts the next round from, and which it must hold on to for the test."""
        return self._ref(self._of(name, self._progress.round), self._of(name, self.best_round(name)))

    def to_validate(self, name: str, number: int, replied: Sequence[str]) -> LocalStateRef:
        """Say whose tensors go with the model of a round that is not in the history yet."""
        current = number if name in replied else self._of(name, self._progress.round)
        return self._ref(current, self._of(name, self.best_round(name)))

    def to_test(self, name: str) -> LocalStateRef:
        """Say whose tensors go with the best model."""
        best = self._of(name, self.best_round(name))
        return self._ref(best, best)

    def best_round(self, name: str) -> int:
        """Return the round whose model is tested at a hospital; 0 before the first.

        One that keeps everything chooses by its own validation slices, as it would if it were alone.
        """
        return own_best_round(self._progress.history, name) if self._alone else self._progress.best_round

    @property
    def temperature(self) -> float | None:
        """The temperature of the model that is tested; None where each hospital tests a model of its own round.

        A run that an earlier version began has none either.
        """
        found = None if self._alone else self._progress.best_row.get("temperature")
        return None if found is None else float(found)

    def _of(self, name: str, number: int) -> int:
        return last_accepted(self._progress.history, name, number)

    def _ref(self, number: int, retain: int) -> LocalStateRef:
        return LocalStateRef(self._progress.token, number, retain)


def last_accepted(history: Sequence[Row], name: str, number: int) -> int:
    """Return the last round, up to `number`, in which a hospital's update was accepted; 0 if there is none."""
    return max((row["epoch"] for row in history if row["epoch"] <= number and name in row["replied"]), default=0)


def own_best_round(history: Sequence[Row], name: str) -> int:
    """Return the round with a hospital's own highest validation accuracy, then lowest loss; 0 if there is none."""
    parts = [(row["epoch"], row["hospitals"].get(name, {})) for row in history]
    scores = [(part["val_accuracy"], -part["val_loss"], -epoch) for epoch, part in parts if "val_accuracy" in part]
    return -max(scores)[2] if scores else 0
