"""DATA010: pictures under two labels that are nearly the same."""

import numpy as np

from common.audit.report import Finding
from common.data.duplicates import REPORT_ABOVE
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many look-alikes have different labels."""
    pairs = evidence.pairs.above(REPORT_ABOVE)
    labels = evidence.scan.labels
    pairs = pairs.where(
        (labels[pairs.first] != labels[pairs.second]) & (evidence.copies[pairs.first] != evidence.copies[pairs.second])
    )
    if not len(pairs):
        return None
    files = np.stack([pairs.first, pairs.second], axis=1).ravel()
    sentence = (
        f"{counted(len(pairs), 'pair')} of slices under two different labels "
        f"{'looks' if len(pairs) == 1 else 'look'} almost exactly alike; both were kept, on one side of the split: "
        "look at them, and move the one that stands in the wrong folder."
    )
    paths = tuple(dict.fromkeys(evidence.paths(files)))
    return Finding("DATA010", "warning", "Look-alikes, two labels", sentence, len(pairs), paths)
