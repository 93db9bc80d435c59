"""An upload to one RGB slice, or one sentence why not; the content decides what it is, never the name."""

from dataclasses import dataclass
from pathlib import PurePath

from PIL import Image

from common.data.decode import UnreadableImage
from common.data.dicom.header import is_dicom
from common.data.sources.slices import OpenFile, open_slices
from common.data.sources.volume import is_nifti

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
JPEG_MAGIC = b"\xff\xd8\xff"
SUFFIXES: dict[str, tuple[str, ...]] = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jpe"),
    "DICOM": (".dcm", ".dicom", ".ima", ""),
    "NIfTI": (".nii", ".gz"),
}
MIN_EDGE = 16


class RefusedUpload(Exception):
    """An upload that cannot be used: why, and what to do, without the file's name (which may be a patient's)."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class UploadedSlice:
    """One slice, ready for ``preprocess``."""

    image: Image.Image
    """Upright RGB, full size."""
    kind: str
    """``"PNG"``, ``"JPEG"``, ``"DICOM"`` or ``"NIfTI"``."""
    notes: tuple[str, ...] = ()
    """What was done to the pixels and what the reader should know, one sentence each."""


def read_upload(name: str, content: bytes) -> UploadedSlice:
    """Read a whole uploaded file; of its name only the ending is looked at, for a note.

    Raises
    ------
    RefusedUpload
        With one sentence.
    """
    kind = sniff(content)
    if kind is None:
        raise RefusedUpload("This file is neither a PNG, a JPEG, a DICOM nor a NIfTI image; export it as one of these.")
    try:
        opened = open_slices(content)
        image, notes = opened.read(opened.count // 2)
    except UnreadableImage as error:
        raise RefusedUpload(f"This {kind} file cannot be used: {error.reason}.") from None
    if min(image.size) < MIN_EDGE:
        raise RefusedUpload(f"This image has {image.width} x {image.height} pixels, too few to be a slice.")
    return UploadedSlice(image, kind, (*_name_notes(name, kind), *_png_notes(content), *_header_notes(opened), *notes))


def sniff(content: bytes) -> str | None:
    """Tell PNG, JPEG, DICOM and NIfTI by their first bytes; None for anything else."""
    if content.startswith(PNG_MAGIC):
        return "PNG"
    if content.startswith(JPEG_MAGIC):
        return "JPEG"
    if is_dicom(content):
        return "DICOM"
    return "NIfTI" if is_nifti(content) else None


def _png_notes(content: bytes) -> tuple[str, ...]:
    deep_grey = sniff(content) == "PNG" and content[24:26] == b"\x10\x00"  # IHDR: 16 bits a sample, grey
    return ("16 bits a pixel: stretched from its own darkest to its own brightest grey.",) if deep_grey else ()


def _header_notes(opened: OpenFile) -> tuple[str, ...]:
    """Say which frame it is, and what in the header says that this is no slice of a brain by MR."""
    notes, middle = [], opened.count // 2
    if opened.count > 1:
        notes.append(f"The file holds {opened.count} slices; the middle one, number {middle + 1}, is shown and judged.")
    if opened.said is not None and opened.said.other_modality:
        modality = opened.said.modality[:8]
        notes.append(f"The header says modality {modality}, not MR; the model has seen MR slices only.")
    if opened.said is not None and opened.said.other_body_part:
        notes.append(f"The header says body part {opened.said.body_part}; the model has seen brains only.")
    return tuple(notes)


def _name_notes(name: str, kind: str) -> tuple[str, ...]:
    if PurePath(name).suffix.lower() in SUFFIXES[kind]:
        return ()
    return (f"The file's name ends otherwise, but its content is {kind}; it was read as that.",)
