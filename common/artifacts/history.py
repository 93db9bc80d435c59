"""One round as it stands in ``training_history.json``: version 1's five keys, and who did what beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from common.metrics.calibration import Sums, add_sums, best_temperature
from common.metrics.confusion import Confusion, add_confusions, figures
from common.metrics.fairness import Fairness, fairness
from common.metrics.intervals import accuracy_interval


@dataclass
class HospitalRound:
    """One hospital in one round; None where it did not answer.

    Attributes
    ----------
    train_loss, train_accuracy : float
        Means over the slices while training; accuracy as a fraction.
    train_samples, train_steps : int
        Slices and optimiser steps.
    train_seconds, val_seconds : float
        Wall time at the hospital.
    val_loss, val_samples, val_confusion
        Figures of the new global model on the hospital's validation slices.
    val_nll : ndarray of float64, shape [129]
        See `common.metrics.calibration`; stays out of the file.
    bytes_down, bytes_up : int
        Payload to and from the hospital.
    """

    train_loss: float | None = None
    train_accuracy: float | None = None
    train_samples: int | None = None
    train_steps: int | None = None
    train_seconds: float | None = None
    val_loss: float | None = None
    val_samples: int | None = None
    val_seconds: float | None = None
    val_confusion: Confusion | None = None
    val_nll: Sums | None = None
    bytes_down: int = 0
    bytes_up: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object; keys are absent where the hospital did not answer."""
        content = {key: value for key, value in vars(self).items() if value is not None and key not in _NOT_AS_IT_IS}
        if self.val_confusion is not None:
            result = figures(self.val_confusion)
            content |= {
                "val_accuracy": result.accuracy,
                "val_interval": accuracy_interval(self.val_confusion),
                "val_macro_f1": result.macro_f1,
                "val_macro_classes": result.macro_classes,
                "val_confusion_matrix": self.val_confusion.tolist(),
            }
        return content


_NOT_AS_IT_IS = ("val_confusion", "val_nll")


@dataclass(frozen=True)
class Failure:
    """A hospital that did not do its part.

    Attributes
    ----------
    hospital : str
        Its name.
    phase : str
        ``"train"``, ``"evaluate"`` or ``"test"``.
    reason : str
        One clause that says why.
    """

    hospital: str
    phase: str
    reason: str


@dataclass
class RoundRecord:
    """One complete round.

    Attributes
    ----------
    number : int
        From 1.
    started_at : str
        ISO 8601 with zone.
    seconds : float
        Wall time of the whole round.
    lr : float
        Learning rate at the round's last step; of the hospitals, whose steps differ in number, the lowest.
    image_size : int
        Side of the slices of this round, pixels.
    asked, replied : list of str
        Names of the hospitals asked to train, and of those whose update went into the model.
    failed : list of Failure
        Who did not, in which phase and why.
    hospitals : dict of str to HospitalRound
        By name, in configured order.
    pooled : HospitalRound or None
        The training of one loader over all hospitals' slices; then no hospital was asked to train.
    """

    number: int
    started_at: str
    seconds: float = 0.0
    lr: float = 0.0
    image_size: int = 0
    asked: list[str] = field(default_factory=list)
    replied: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    hospitals: dict[str, HospitalRound] = field(default_factory=dict)
    pooled: HospitalRound | None = None

    @property
    def val_confusion(self) -> Confusion:
        """Sum of the hospitals' confusion matrices."""
        return add_confusions(p.val_confusion for p in self.hospitals.values() if p.val_confusion is not None)

    @property
    def val_accuracy(self) -> float:
        """Accuracy on all validation slices, a fraction."""
        return figures(self.val_confusion).accuracy

    @property
    def val_loss(self) -> float:
        """Mean cross-entropy over all validation slices."""
        return self._mean("val_loss", "val_samples")

    @property
    def train_loss(self) -> float:
        """Mean training loss over all training slices."""
        return self._mean("train_loss", "train_samples")

    @property
    def train_accuracy(self) -> float:
        """Mean training accuracy over all training slices, a fraction."""
        return self._mean("train_accuracy", "train_samples")

    @property
    def temperature(self) -> float | None:
        """The temperature that fits the new model best over all hospitals; None where nobody validated it."""
        return best_temperature(add_sums(p.val_nll for p in self.hospitals.values() if p.val_nll is not None))

    @property
    def fairness(self) -> Fairness | None:
        """How validation accuracy spreads over the hospitals; None below two."""
        return fairness({n: p.val_confusion for n, p in self.hospitals.items() if p.val_confusion is not None})

    @property
    def validated(self) -> list[str]:
        """Names of the hospitals that evaluated the new model."""
        return [name for name, part in self.hospitals.items() if part.val_confusion is not None]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of the round."""
        result, spread = figures(self.val_confusion), self.fairness
        return {
            "epoch": self.number,
            "train_loss": self.train_loss,
            "train_accuracy": self.train_accuracy,
            "val_loss": self.val_loss,
            "val_accuracy": self.val_accuracy,
            "val_interval": accuracy_interval(self.val_confusion),
            "val_samples": int(self.val_confusion.sum()),
            "val_macro_f1": result.macro_f1,
            "val_macro_classes": result.macro_classes,
            "val_confusion_matrix": self.val_confusion.tolist(),
            "fairness": spread.to_json() if spread else None,
            "temperature": self.temperature,
            "started_at": self.started_at,
            "seconds": self.seconds,
            "lr": self.lr,
            "image_size": self.image_size,
            "asked": self.asked,
            "replied": self.replied,
            "failed": [vars(failure) for failure in self.failed],
            "bytes_down": sum(part.bytes_down for part in self.hospitals.values()),
            "bytes_up": sum(part.bytes_up for part in self.hospitals.values()),
            "hospitals": {name: part.to_json() for name, part in self.hospitals.items()},
            **self._pooled_json(),
        }

    def _pooled_json(self) -> dict[str, Any]:
        """Return whose slices the one loader took, and its figures; nothing travelled for it."""
        if self.pooled is None:
            return {}
        trained = {key: value for key, value in self.pooled.to_json().items() if not key.startswith("bytes_")}
        return {"pooled": {"hospitals": list(self.hospitals), **trained}}

    def _mean(self, value: str, weight: str) -> float:
        everybody = [*self.hospitals.values(), *([self.pooled] if self.pooled else [])]
        parts = [part for part in everybody if getattr(part, value) is not None and getattr(part, weight)]
        total = sum(getattr(part, weight) for part in parts)
        return sum(getattr(part, value) * getattr(part, weight) for part in parts) / total if total else 0.0
