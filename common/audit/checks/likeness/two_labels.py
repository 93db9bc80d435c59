"""DATA007: one picture under two labels."""

from __future__ import annotations

import numpy as np

from common.audit.finding import Finding, counted
from common.data.evidence import Evidence


def check(evidence: Evidence) -> list[Finding]:
    """Say how many pictures contradict themselves."""
    files = np.flatnonzero(evidence.contradictory)
    if not len(files):
        return []
    pictures = len(np.unique(evidence.copies[files]))
    together = files[np.argsort(evidence.copies[files], kind="stable")]
    sentence = (
        f"{counted(pictures, 'picture stands', 'pictures stand')} under two labels; all {len(files):,} files of "
        f"{'it' if pictures == 1 else 'them'} were left out: let a radiologist decide which label is right, and delete "
        "the other file."
    )
    return [Finding("DATA007", "error", "One picture, two labels", sentence, len(files), evidence.paths(together))]
