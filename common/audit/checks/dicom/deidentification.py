"""DATA024: DICOM files that still say whose they are."""

import numpy as np

from common.audit.report import Finding, Severity
from common.data.evidence import Evidence
from common.data.thumbs import Mask
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Count files with names, birth dates and private tags; nothing is removed."""
    held = {
        "names": evidence.said(lambda said: said.name),
        "births": evidence.said(lambda said: said.birth_date),
        "private": evidence.said(lambda said: said.private_tags > 0),
    }
    told = np.logical_or.reduce(list(held.values()))
    if not told.any():
        return None
    files = {kind: _files(evidence, mask) for kind, mask in held.items()}
    sentence = (
        f"Of {counted(_files(evidence, evidence.said(lambda _: True)), 'DICOM file')}, {files['names']:,} hold a "
        f"patient's name, {files['births']:,} a date of birth and {files['private']:,} private tags; none of it leaves "
        "this machine and no model sees it, but nothing is removed either: de-identify the files before they are "
        "copied anywhere."
    )
    severity: Severity = "warning" if files["names"] or files["births"] else "info"
    paths = tuple(dict.fromkeys(evidence.scan.files[index].relative_path for index in np.flatnonzero(told).tolist()))
    return Finding("DATA024", severity, "Not de-identified", sentence, len(paths), paths)


def _files(evidence: Evidence, slices: Mask) -> int:
    return len(np.unique(evidence.file_number[slices]))
