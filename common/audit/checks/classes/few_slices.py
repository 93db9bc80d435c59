"""DATA011: classes with very few slices."""

import numpy as np

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.labels import CLASSES
from common.metrics.confusion import FEW_CASES, is_few
from common.text import counted, listed


def check(evidence: Evidence) -> Finding | None:
    """Say which classes are so small that their test figures mean little."""
    counts = np.bincount(evidence.scan.labels[evidence.usable], minlength=len(CLASSES)).tolist()
    few = [f"{name} ({counts[label]})" for label, name in enumerate(CLASSES) if counts[label] and is_few(counts[label])]
    if not few:
        return None
    sentence = (
        f"{counted(len(few), 'class has', 'classes have')} fewer than {FEW_CASES} usable slices: {listed(few)}; "
        "expect test figures with wide intervals, and add slices if there are more."
    )
    return Finding("DATA011", "warning", "Few slices", sentence, len(few))
