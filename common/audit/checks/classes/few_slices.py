"""DATA011: classes with very few slices."""

from __future__ import annotations

import numpy as np

from common.audit.finding import Finding, counted, listed
from common.data.evidence import Evidence
from common.labels import CLASSES

FEW = 20
"""Fewer usable slices of a class than this give no meaningful test figure."""


def check(evidence: Evidence) -> list[Finding]:
    """Say which classes are so small that their test figures mean little."""
    counts = np.bincount(evidence.scan.labels[evidence.usable], minlength=len(CLASSES)).tolist()
    few = [f"{name} ({counts[label]})" for label, name in enumerate(CLASSES) if 0 < counts[label] < FEW]
    if not few:
        return []
    sentence = (
        f"{counted(len(few), 'class has', 'classes have')} fewer than {FEW} usable slices: {listed(few)}; expect test "
        "figures with wide intervals, and add slices if there are more."
    )
    return [Finding("DATA011", "warning", "Few slices", sentence, len(few))]
