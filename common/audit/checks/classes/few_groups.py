"""DATA014: classes with too few separate groups of slices to be in all parts of a split."""

from __future__ import annotations

import numpy as np

from common.audit.finding import Finding, listed
from common.data.evidence import Evidence
from common.labels import CLASSES


def check(evidence: Evidence) -> list[Finding]:
    """Say which classes cannot be trained on, validated and tested without leaking."""
    few = []
    for label, name in enumerate(CLASSES):
        groups = np.unique(evidence.groups.group[evidence.usable & (evidence.scan.labels == label)])
        if 0 < len(groups) < 3:
            few.append(name)
    if not few:
        return []
    sentence = (
        f"All slices of {listed(few)} are copies or neighbours of one or two pictures; they cannot be in training, "
        "validation and test at once without leaking: add slices of more patients."
    )
    return [Finding("DATA014", "warning", "Too few different slices", sentence, len(few))]
