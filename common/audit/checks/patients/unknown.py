"""DATA038: slices of unknown patients where others are known."""

import numpy as np

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say whose patient was guessed; where nobody's is known, every report says so already."""
    known = evidence.known
    if known is None or not known.ids:
        return None
    unknown = np.flatnonzero(evidence.usable & (known.number < 0))
    if not len(unknown):
        return None
    sentence = (
        f"Of {counted(len(unknown), 'slice')} the patient is not known, but guessed from look-alikes and neighbours; "
        "give them a row in manifest.csv, so that no patient stands on two sides of the split."
    )
    return Finding("DATA038", "warning", "Slices of unknown patients", sentence, len(unknown), evidence.paths(unknown))
