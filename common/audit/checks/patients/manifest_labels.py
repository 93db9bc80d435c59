"""DATA036: files to which the manifest gives another label than their folder."""

import numpy as np

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say which slices stay out until somebody has decided what they show."""
    against = np.flatnonzero(evidence.against_manifest)
    if not len(against):
        return None
    sentence = (
        f"{counted(len(against), 'file')} {'lies' if len(against) == 1 else 'lie'} in the folder of one class, and "
        "manifest.csv names another; they were left out, so let somebody who knows move the file or correct the row."
    )
    files = evidence.paths(against)
    return Finding("DATA036", "error", "Manifest and folder disagree", sentence, len(against), files)
