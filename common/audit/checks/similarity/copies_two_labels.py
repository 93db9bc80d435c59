"""DATA007: one picture under two labels."""

import numpy as np

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many pictures contradict themselves."""
    files = np.flatnonzero(evidence.contradictory)
    if not len(files):
        return None
    pictures = len(np.unique(evidence.copies[files]))
    sentence = (
        f"{counted(pictures, 'picture stands', 'pictures stand')} under two labels; all {len(files):,} files of "
        f"{'it' if pictures == 1 else 'them'} were left out: let a radiologist decide which label is right, and delete "
        "the other file."
    )
    paths = evidence.paths(files, by=evidence.copies)
    return Finding("DATA007", "error", "One picture, two labels", sentence, len(files), paths)
