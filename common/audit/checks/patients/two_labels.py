"""DATA037: known patients with slices of several classes: several tumours, follow-up, or a wrong label."""

import numpy as np

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say whose slices to look at; they train all the same, and stay on one side of the split."""
    known = evidence.known
    if known is None or not known.ids:
        return None
    chosen = np.flatnonzero(evidence.usable & (known.number >= 0))
    pairs = np.unique(np.stack([known.number[chosen], evidence.scan.labels[chosen]]), axis=1)
    patients = np.flatnonzero(np.bincount(pairs[0], minlength=1) > 1)
    if not len(patients):
        return None
    sentence = (
        f"{counted(len(patients), 'patient')} {'has' if len(patients) == 1 else 'have'} slices of several classes; "
        "that can be, for example after a second tumour, but look whether one label, or one patient's number, is wrong."
    )
    files = evidence.paths(chosen[np.isin(known.number[chosen], patients)], by=known.number)
    return Finding("DATA037", "warning", "One patient, several classes", sentence, len(patients), files)
