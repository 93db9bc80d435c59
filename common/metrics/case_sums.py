"""What a hospital counts of its test cases beyond the confusion matrix; everything adds up over hospitals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.metrics.brier import brier_sums
from common.metrics.clusters import DesignEffects, design_effects
from common.metrics.confusion import Confusion, count_confusion
from common.metrics.likeness.counts import LikenessCounts, Likenesses, count_likeness
from common.metrics.paired.counts import PairedCounts, count_pairs
from common.metrics.patient_scores import by_patient
from common.metrics.score_bins import Histograms, Labels, Probabilities, count_scores
from common.metrics.subgroups import SMALLEST, Subgroups, count_subgroups

SOURCES: tuple[str, ...] = ("guessed", "file name", "dicom", "manifest")
"""What told the patients, from the least sure."""


@dataclass(frozen=True)
class Cases:
    """What the hospital knows of the slices of an evaluation, in their order; stays there."""

    patient: Labels
    """Patient of each, any numbers."""
    source: str = SOURCES[0]
    groupings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """For each of `common.metrics.subgroups.GROUPINGS`, the cell of each slice, empty where it is not known."""
    smallest_cell: int = SMALLEST
    reference: Probabilities | None = None
    """What the model that this one is compared with gave them, shape ``[N, 4]``; asks for `CaseSums.paired`."""
    likeness: Likenesses | None = None
    """Of each to the nearest slice that the model was trained on here; asks for `CaseSums.likeness`."""


@dataclass(frozen=True)
class CaseSums:
    """What leaves a hospital: of the same size whatever the number of cases."""

    scores: Histograms
    """Slices by score."""
    brier: tuple[float, ...]
    """Sums of squared distances, by class."""
    effects: DesignEffects
    patient_confusion: Confusion
    patient_scores: Histograms
    patient_source: str
    subgroups: Subgroups
    paired: PairedCounts | None = None
    """Beside another model; None unless it was asked for."""
    likeness: LikenessCounts | None = None
    """By likeness to the nearest slice of training; None where there is none, or it is not to be told."""

    @property
    def patients(self) -> int:
        """Number of patients behind the slices."""
        return int(self.patient_confusion.sum())


def count_cases(probabilities: Probabilities, labels: Labels, cases: Cases) -> CaseSums:
    """Count the slices of an evaluation, shapes ``[N, 4]`` and ``[N]``."""
    named = probabilities.argmax(axis=1) if len(labels) else labels
    alike, smallest = cases.likeness, cases.smallest_cell
    means, classes = by_patient(probabilities, labels, cases.patient)
    patients_named = means.argmax(axis=1) if len(classes) else classes
    return CaseSums(
        scores=count_scores(probabilities, labels),
        brier=brier_sums(probabilities, labels),
        effects=design_effects(probabilities, labels, cases.patient),
        patient_confusion=count_confusion(classes, patients_named),
        patient_scores=count_scores(means, classes),
        patient_source=cases.source,
        subgroups=count_subgroups(labels, named, cases.patient, cases.groupings, smallest),
        paired=None if (also := cases.reference) is None else count_pairs(probabilities, also, labels, cases.patient),
        likeness=None if alike is None else count_likeness(alike, named == labels, cases.patient, smallest),
    )
