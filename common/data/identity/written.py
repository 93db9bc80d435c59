"""Read patients' ids where they are written: only a hash with the hospitals' shared key needs them as they are."""

import numpy as np

from common.config.patient_pattern import compiled
from common.data.dicom.facts import facts_of
from common.data.identity.cells import patient_key
from common.data.identity.known import Known, patient_in_name
from common.data.scan import Scan


def written_ids(scan: Scan, known: Known, patient_pattern: str = "") -> list[str]:
    """Return each known patient's id as `patient_key` writes it, by number; ``""`` where it cannot be read any more."""
    numbers, first = np.unique(known.number, return_index=True)
    return [_written(scan, known, index, patient_pattern) for index in first[numbers >= 0].tolist()]


def _written(scan: Scan, known: Known, index: int, patient_pattern: str) -> str:
    path, source = scan.files[index].relative_path, known.sources[index]
    if source == "manifest" and scan.manifest:
        return patient_key(scan.manifest.rows[path].facts.patient)
    if source == "dicom":
        return patient_key(facts_of(scan.folder / path).patient)
    return patient_in_name(compiled(patient_pattern), path) if patient_pattern else ""
