"""DATA008: pictures too small to be a slice."""

import numpy as np

from common.audit.report import Finding
from common.data.evidence import SMALLEST_SIDE, Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many pictures are too small."""
    files = np.flatnonzero(evidence.too_small)
    if not len(files):
        return None
    sentence = (
        f"{counted(len(files), 'image is', 'images are')} less than {SMALLEST_SIDE} pixels wide or high, too small for "
        f"a slice, and {'was' if len(files) == 1 else 'were'} left out; export the slice again at full size, or delete "
        "the file if it is an icon."
    )
    return Finding("DATA008", "warning", "Too small", sentence, len(files), evidence.paths(files))
