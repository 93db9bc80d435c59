"""Write synthetic slices as a hospital's archive would export them: DICOM, with made-up patients; needs pydicom.

Each synthetic hospital has an archive of its own kind (`ARCHIVES`). Every patient comes for two visits, a quarter of a
year apart, under one patient's number; the headers say sex, age, scanner, field strength, sequence and date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from common.phantoms.hospitals import PhantomHospital, PlannedSlice, draw_slice

if TYPE_CHECKING:
    from pydicom import Dataset

_FIRST_VISIT, _BETWEEN_VISITS = date(2020, 1, 6), timedelta(days=91)
_LEVELS_A_GREY = 16  # 8 bits become 12
_RLE = "1.2.840.10008.1.2.5"
_EXPLICIT = "1.2.840.10008.1.2.1"
_MR = "1.2.840.10008.5.1.4.1.1.4"


@dataclass(frozen=True)
class Archive:
    """How one hospital's archive writes its files."""

    letter: str
    """First of every patient's number."""
    models: tuple[str, ...]
    """Its scanners; patients take turns."""
    tesla: float
    sequence: str
    suffix: str = ".dcm"
    syntax: str = _EXPLICIT
    darkness: bool = False
    """Whether it counts darkness (MONOCHROME1)."""
    window: bool = True
    names: bool = False
    """Whether names and dates of birth are left in."""
    private: bool = False
    """Whether tags of the scanner's maker are left in."""
    frames: bool = False
    """Whether a visit is one file of several frames."""


ARCHIVES: dict[str, Archive] = {
    "dataset-1": Archive("J", ("Drawn One", "Drawn Two"), 1.5, "t1_mprage_post_contrast", names=True),
    "dataset-2": Archive("H", ("Drawn Three",), 3.0, "AX FLAIR", suffix="", syntax=_RLE, darkness=True, window=False),
    "dataset-3": Archive("K", ("Drawn Four",), 3.0, "t2_tse_tra", private=True, frames=True),
}


def write_archive(
    folder: Path, hospital: PhantomHospital, planned: Iterable[PlannedSlice], image_size: int, seed: int
) -> dict[str, str]:
    """Write a hospital's slices as its archive does.

    Returns
    -------
    dict of str to str
        Class name to the path of its first file, below `folder`.
    """
    archive, first = ARCHIVES[hospital.folder], dict[str, str]()
    for (kind, patient), of_patient in groupby(planned, key=lambda one: (one.kind, one.patient)):
        place = Path(hospital.class_folders[kind], _number(archive, kind, patient))
        for visit, slices in groupby(of_patient, key=lambda one: _visit(one)):
            greys = [np.asarray(draw_slice(hospital, one, image_size, seed).convert("L")) for one in slices]
            for name, content in _files(archive, kind, patient, visit, greys, seed):
                path = folder / place / f"visit-{visit + 1}" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                save(content, path)
                first.setdefault(kind, path.relative_to(folder).as_posix())
    return first


def save(dataset: Dataset, path: Path) -> None:
    """Write one file with its preamble."""
    dataset.save_as(path, enforce_file_format=True)


def _files(
    archive: Archive, kind: str, patient: int, visit: int, greys: list[np.ndarray], seed: int
) -> Iterator[tuple[str, Dataset]]:
    """Yield the files of one visit with their names."""
    stacks = [np.stack(greys)] if archive.frames else greys
    for number, levels in enumerate(stacks, 1):
        header = _header(archive, kind, patient, visit, seed)
        uid = _uid(archive, kind, patient, visit, seed, number)
        header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = uid
        header.InstanceNumber = number
        _put_pixels(header, archive, levels)
        yield f"IM{number:04}{archive.suffix}", header


def _header(archive: Archive, kind: str, patient: int, visit: int, seed: int) -> Dataset:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID

    rng = np.random.default_rng([seed, ord(archive.letter), len(kind), patient])
    born = date(1930, 1, 1) + timedelta(days=int(rng.integers(0, 25_000)))
    day = _FIRST_VISIT + timedelta(days=int(rng.integers(0, 700))) + visit * _BETWEEN_VISITS
    number = _number(archive, kind, patient)
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID = UID(_MR)
    header.file_meta.TransferSyntaxUID = UID(archive.syntax)
    header.Modality, header.BodyPartExamined, header.SeriesDescription = "MR", "BRAIN", archive.sequence
    header.PatientID, header.PatientSex = number, "FM"[int(rng.integers(0, 2))]
    header.PatientName = f"Synthetic^{number}" if archive.names else number
    header.PatientAge = f"{(day - born).days // 365:03}Y"
    header.PatientBirthDate = f"{born:%Y%m%d}" if archive.names else ""
    header.StudyDate = header.SeriesDate = header.AcquisitionDate = f"{day:%Y%m%d}"
    header.StudyInstanceUID, header.SeriesInstanceUID = (
        _uid(archive, kind, patient, visit, seed, part) for part in ("study", "series")
    )
    header.Manufacturer, header.ManufacturerModelName = "SYNTHETIC", archive.models[patient % len(archive.models)]
    header.MagneticFieldStrength = archive.tesla
    if archive.private:
        header.private_block(0x0019, "SYNTHETIC", create=True).add_new(0x01, "LO", "known to its maker only")
    return header


def _put_pixels(header: Dataset, archive: Archive, greys: np.ndarray) -> None:
    levels = greys.astype(np.uint16) * _LEVELS_A_GREY
    most = 255 * _LEVELS_A_GREY
    header.Rows, header.Columns = levels.shape[-2:]
    header.SamplesPerPixel, header.PixelRepresentation = 1, 0
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, 12, 11
    header.PhotometricInterpretation = "MONOCHROME1" if archive.darkness else "MONOCHROME2"
    if levels.ndim == 3:
        header.NumberOfFrames = len(levels)
    if archive.window:
        header.WindowCenter, header.WindowWidth = (most + 1) / 2, most + 1
    levels = most - levels if archive.darkness else levels
    header.PixelData = levels.tobytes()
    if archive.syntax == _RLE:
        header.compress(_RLE, levels, encoding_plugin="pydicom", generate_instance_uid=False)


def _visit(one: PlannedSlice) -> int:
    """Return 0 for the first half of a patient's slices, 1 for the second."""
    return int(one.place >= (one.places + 1) // 2)


def _number(archive: Archive, kind: str, patient: int) -> str:
    return f"{archive.letter}{kind[:2].upper()}{patient + 1:05}"


def _uid(*parts: Any) -> Any:
    from pydicom.uid import generate_uid

    return generate_uid(entropy_srcs=[str(part) for part in parts])
