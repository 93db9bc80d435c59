"""DATA014: classes with too few separate groups of slices to be in all parts of a split."""

import numpy as np

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.labels import CLASSES
from common.text import listed

_FEWEST = 3  # one for each part of a split


def check(evidence: Evidence) -> Finding | None:
    """Say which classes cannot be trained on, validated and tested without leaking."""
    labels, group = evidence.scan.labels[evidence.usable], evidence.groups.group[evidence.usable]
    counts = [len(np.unique(group[labels == label])) for label in range(len(CLASSES))]
    few = [name for name, count in zip(CLASSES, counts, strict=True) if 0 < count < _FEWEST]
    if not few:
        return None
    sentence = (
        f"All slices of {listed(few)} are copies or neighbours of one or two pictures; they cannot be in training, "
        "validation and test at once without leaking: add slices of more patients."
    )
    return Finding("DATA014", "warning", "Too few different slices", sentence, len(few))
