"""DATA005: files that hold the very same picture."""

import numpy as np

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many files are copies of another one under the same label."""
    candidates = evidence.readable & ~evidence.contradictory
    numbers, sizes = np.unique(evidence.copies[candidates], return_counts=True)
    repeated = numbers[sizes > 1]
    if not len(repeated):
        return None
    spare = int(sizes[sizes > 1].sum()) - len(repeated)
    members = np.flatnonzero(candidates & np.isin(evidence.copies, repeated))
    sentence = (
        f"{counted(spare, 'file is a copy', 'files are copies')} of another file, byte for byte or pixel for pixel "
        f"({counted(len(repeated), 'picture')} in {counted(len(members), 'file')}); copies stay on one side of the "
        "split, but a picture that is there twice counts twice: delete the copies you do not need."
    )
    return Finding("DATA005", "info", "Copies", sentence, spare, evidence.paths(members, by=evidence.copies))
