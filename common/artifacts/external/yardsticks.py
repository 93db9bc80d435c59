"""What a run measures beside its test: every hospital's own model everywhere, and the shared one trained on at home."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.metrics import intervals
from common.metrics.confusion import Confusion, add_confusions, figures
from common.metrics.evaluation import EvaluateResult

Tests = Mapping[str, EvaluateResult]  # by hospital name


@dataclass(frozen=True)
class CrossMatrix:
    """Each hospital's update of one round, evaluated on each hospital's test slices."""

    round: int
    tests: Mapping[str, Tests]
    """By the name of the hospital whose update it is; empty where there is none to evaluate."""
    reason: str | None = None
    """Why there is none."""


@dataclass(frozen=True)
class FineTuning:
    """The finished model, trained on by each hospital for itself."""

    rounds: int
    tests: Tests


@dataclass(frozen=True)
class Yardsticks:
    """What was asked for; the shared model's own test stands beside both."""

    cross_matrix: CrossMatrix | None
    fine_tuning: FineTuning | None
    shared: Tests

    def cross_matrix_json(self) -> dict[str, Any] | None:
        """Return ``cross_matrix`` of ``model_meta.json``: a row a model, a column a hospital, null for no answer."""
        found = self.cross_matrix
        if found is None:
            return None
        hospitals = list(self.shared)
        return {
            "round": found.round,
            "reason": found.reason,
            "hospitals": hospitals,
            "samples": [test.samples for test in self.shared.values()],
            "models": list(found.tests),
            **_rows(list(found.tests.values()), hospitals),
            "shared": {key: rows[0] for key, rows in _rows([self.shared], hospitals).items()},
        }

    def fine_tuned_json(self) -> dict[str, Any] | None:
        """Return ``fine_tuned`` of ``model_meta.json``: each hospital's figures with the model that it trained on."""
        found = self.fine_tuning
        if found is None:
            return None
        together = add_confusions(test.confusion for test in found.tests.values())
        return {
            "rounds": found.rounds,
            **_figures(together),
            "per_hospital": {name: _figures(test.confusion) for name, test in found.tests.items()},
        }


def _rows(models: Sequence[Tests], hospitals: Sequence[str]) -> dict[str, list[list[Any]]]:
    cells = [[_cell(tests.get(name)) for name in hospitals] for tests in models]
    return {
        "test_accuracy": [[cell[0] for cell in row] for row in cells],
        "intervals": [[cell[1] for cell in row] for row in cells],
    }


def _cell(test: EvaluateResult | None) -> tuple[float | None, list[float] | None]:
    if test is None or not test.samples:
        return None, None
    return figures(test.confusion).accuracy, intervals.accuracy_interval(test.confusion)


def _figures(confusion: Confusion) -> dict[str, Any]:
    found = figures(confusion)
    return {
        "test_accuracy": found.accuracy,
        "interval": intervals.accuracy_interval(confusion),
        "n_test": int(confusion.sum()),
        "macro_f1": found.macro_f1,
        "macro_classes": found.macro_classes,
        "confusion_matrix": confusion.tolist(),
    }
