"""What goes wrong in real archives, planted in a synthetic one so that the audit has something to find."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.phantoms.dicom import save

# file name, what is wrong, and which fields of a sound slice change (None: the field goes)
_FAULTS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("CT0001.dcm", "a slice of a CT", {"Modality": "CT"}),
    ("KNEE0001.dcm", "a slice of a knee", {"BodyPartExamined": "KNEE"}),
    ("TEXT0001.dcm", "a slice whose header says that text is written into it", {"BurnedInAnnotation": "YES"}),
    ("REPORT01.dcm", "a file without pixels", {"PixelData": None}),
    ("MANY0001.dcm", "a file that claims 10,000 frames", {"NumberOfFrames": 10_000}),
)


def plant_dicom_faults(folder: Path, first: Mapping[str, str]) -> list[str]:
    """Plant the faults beside the first slice of a glioma; return a line for each, as `common.phantoms.faults` does."""
    from pydicom import dcmread

    source = folder / first["glioma"]
    lines = []
    for name, sentence, changes in _FAULTS:
        dataset, target = dcmread(source), source.with_name(name)
        for keyword, value in changes.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)
        save(dataset, target)
        lines.append(f"{target.relative_to(folder).as_posix()}: {sentence}")
    cut = source.with_name("CUT00001.dcm")
    content = source.read_bytes()
    cut.write_bytes(content[: len(content) * 3 // 5])
    return [*lines, f"{cut.relative_to(folder).as_posix()}: the end of the file is missing"]
