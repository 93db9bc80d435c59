"""DATA021: DICOM files whose header names another kind of scanner than MR."""

from collections import Counter

import numpy as np

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many slices come from CT, PET or another modality."""
    slices = np.flatnonzero(evidence.other_modality)
    if not len(slices):
        return None
    kinds = Counter(evidence.library.said[index].modality for index in slices.tolist())
    which = ", ".join(f"{kind:.16}: {number:,}" for kind, number in kinds.most_common(5))
    sentence = (
        f"{counted(len(slices), 'slice')} {'was' if len(slices) == 1 else 'were'} left out because the header names "
        f"another modality than MR ({which}); move these files elsewhere, or have the archive correct their headers."
    )
    return Finding("DATA021", "error", "Other modality", sentence, len(slices), evidence.paths(slices))
