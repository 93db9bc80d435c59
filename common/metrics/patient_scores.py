"""From slices to patients: a patient's probabilities are the mean of those of the slices that were evaluated.

A patient's class is that of most of the slices, of equals the first in label order.
"""

import numpy as np

from common.labels import NUM_CLASSES
from common.metrics.score_bins import Labels, Probabilities


def by_patient(probabilities: Probabilities, labels: Labels, patient: Labels) -> tuple[Probabilities, Labels]:
    """Return probabilities and class of each patient, in the order of their numbers."""
    _, number = np.unique(patient, return_inverse=True)
    patients = int(number.max(initial=-1)) + 1
    slices = np.bincount(number, minlength=patients)[:, None]
    totals = [np.bincount(number, weights=column, minlength=patients) for column in probabilities.T]
    votes = np.bincount(number * NUM_CLASSES + labels, minlength=patients * NUM_CLASSES).reshape(patients, NUM_CLASSES)
    return np.stack(totals, axis=1) / slices, votes.argmax(axis=1).astype(np.int64)
