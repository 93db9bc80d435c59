"""DATA023: DICOM files whose header says that text is written into the picture."""

import numpy as np

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many slices carry burned-in annotation; nothing looks for text in the pictures themselves."""
    slices = np.flatnonzero(evidence.said(lambda said: said.burned_in))
    if not len(slices):
        return None
    sentence = (
        f"The header of {counted(len(slices), 'slice')} says that text is written into the picture, often a name; they "
        "were kept: look at them, and export them without annotation, since a model may learn the text."
    )
    return Finding("DATA023", "warning", "Text in the picture", sentence, len(slices), evidence.paths(slices))
