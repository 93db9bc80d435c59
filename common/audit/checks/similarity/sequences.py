"""DATA017: folders whose file numbers follow patients."""

import numpy as np

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say where neighbouring files are slices of one patient."""
    groups = evidence.groups
    listings = len(np.unique(groups.listing[groups.listing >= 0]))
    if not listings:
        return None
    files = int((groups.listing >= 0).sum())
    sentence = (
        f"In {counted(listings, 'folder')} ({counted(files, 'slice')}) neighbouring files look like slices of one "
        "patient; the split therefore takes whole stretches of files and keeps neighbours together: nothing need be "
        "done, but keep the files' numbers as they are."
    )
    return Finding("DATA017", "info", "Slices in order", sentence, listings)
