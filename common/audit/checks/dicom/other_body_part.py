"""DATA022: DICOM files whose header names another part of the body than the head."""

from collections import Counter

import numpy as np

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many slices show a knee, a spine or another part of the body."""
    slices = np.flatnonzero(evidence.other_body_part)
    if not len(slices):
        return None
    parts = Counter(evidence.library.said[index].body_part for index in slices.tolist())
    which = ", ".join(f"{part}: {number:,}" for part, number in parts.most_common(5))
    sentence = (
        f"{counted(len(slices), 'slice')} {'was' if len(slices) == 1 else 'were'} left out because the header names "
        f"another part of the body than the head ({which}); move these files elsewhere, or have the archive correct "
        "their headers."
    )
    return Finding("DATA022", "error", "Other part of the body", sentence, len(slices), evidence.paths(slices))
