"""Which files may hold slices, and how many: by the name where it says, by the first bytes where it does not."""

from pathlib import Path

from common.data.dicom.frames import frames_in, is_dicom_file
from common.data.sources.volume import SUFFIXES as VOLUME_SUFFIXES
from common.data.sources.volume import slices_in

PICTURE_SUFFIXES: frozenset[str] = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif"}
)
DICOM_SUFFIXES: frozenset[str] = frozenset({".dcm", ".dicom", ".ima"})
SUFFIXES: tuple[str, ...] = tuple(sorted({*PICTURE_SUFFIXES, *DICOM_SUFFIXES, *VOLUME_SUFFIXES}))


def may_hold_slices(path: Path) -> bool:
    """Tell whether a file is a picture, a volume or DICOM; archives often name DICOM files with numbers alone."""
    suffix = path.suffix.lower()
    if suffix in PICTURE_SUFFIXES or suffix in DICOM_SUFFIXES or _is_volume(path):
        return True
    return (not suffix or suffix[1:].isdigit()) and is_dicom_file(path)


def count_slices(path: Path) -> int:
    """Return how many slices a file's header promises, from 1; pictures are not opened."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return 1
    return slices_in(path) if _is_volume(path) else frames_in(path)


def _is_volume(path: Path) -> bool:
    return path.name.lower().endswith(VOLUME_SUFFIXES)
