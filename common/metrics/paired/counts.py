"""Two models on the same cases: how often each is right where the other is, or is not; adds up over hospitals.

The hospital compares the two at home. What leaves it is of one size: a two-by-two table of slices and of patients for
each class, the second model's confusion matrix, and one design effect. The tables of patients are whole patients, so an
interval over patients needs nothing else. One over slices needs how strongly slices of a patient differ together: that
is one number with two decimals, as in `common.metrics.clusters`, and no patient's own counts. Where only a few slices
differ it tells whether these are one patient's, though not whose.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.labels import NUM_CLASSES
from common.metrics.clusters import design_effect
from common.metrics.confusion import Confusion, count_confusion
from common.metrics.patient_scores import by_patient
from common.metrics.score_bins import Labels, Probabilities

Tables = npt.NDArray[np.int64]
"""Shape ``[4, 2, 2]``: class, this model right or wrong, the reference right or wrong."""


@dataclass(frozen=True)
class PairedCounts:
    """Of one hospital's cases; a patient's class and prediction are as in `common.metrics.patient_scores`."""

    slices: Tables
    patients: Tables
    effect: float
    """Design effect of the difference between the two accuracies over slices."""
    reference_confusion: Confusion
    """Of the reference's predictions, over slices."""


def count_pairs(
    probabilities: Probabilities, reference: Probabilities, labels: Labels, patient: Labels
) -> PairedCounts:
    """Count the slices that two models judged, shapes ``[N, 4]`` twice and ``[N]``."""
    right, also = (_right(each, labels) for each in (probabilities, reference))
    means, classes = by_patient(probabilities, labels, patient)
    others, _ = by_patient(reference, labels, patient)
    return PairedCounts(
        slices=_tables(labels, right, also),
        patients=_tables(classes, _right(means, classes), _right(others, classes)),
        effect=design_effect(right.astype(np.float64) - also, patient),
        reference_confusion=count_confusion(labels, reference.argmax(axis=1) if len(labels) else labels),
    )


def _right(probabilities: Probabilities, labels: Labels) -> npt.NDArray[np.bool_]:
    return probabilities.argmax(axis=1) == labels if len(labels) else np.zeros(0, dtype=bool)


def _tables(labels: Labels, right: npt.NDArray[np.bool_], also: npt.NDArray[np.bool_]) -> Tables:
    place = labels * 4 + ~right * 2 + ~also
    return np.bincount(place, minlength=NUM_CLASSES * 4).reshape(NUM_CLASSES, 2, 2).astype(np.int64)
