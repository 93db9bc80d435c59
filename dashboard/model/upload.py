"""An upload to RGB slices, or one sentence why not; the content decides what it is, never the name."""

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
LOSSY = "JPEG leaves out detail: the same slice saved as PNG may get probabilities that differ by a point or two."


class RefusedUpload(Exception):
    """An upload that cannot be used: why, and what to do, without the file's name (which may be a patient's)."""

    def __init__(self, sentence: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.reason = reason or sentence
        """In a few words, for slices of one file that share it."""


@dataclass(frozen=True)
class UploadedSlice:
    """One slice, ready for ``preprocess``."""

    image: Image.Image
    """Upright RGB, full size."""
    kind: str
    """``"PNG"``, ``"JPEG"``, ``"DICOM"`` or ``"NIfTI"``."""
    notes: tuple[str, ...] = ()
    """What was done to the pixels and what the reader should know, one sentence each."""


@dataclass(frozen=True)
class Upload:
    """A file that was opened; its slices are decoded one by one."""

    kind: str
    count: int
    """How many slices it holds."""
    _opened: OpenFile
    _notes: tuple[str, ...]

    def read(self, number: int) -> UploadedSlice:
        """Decode one slice, from 0.

        Raises
        ------
        RefusedUpload
            With one sentence.
        """
        try:
            image, notes = self._opened.read(number)
        except UnreadableImage as error:
            raise RefusedUpload(_sentence(self.kind, self.count, number, error.reason), error.reason) from None
        if min(image.size) < MIN_EDGE:
            raise RefusedUpload(f"This image has {image.width} x {image.height} pixels, too few to be a slice.")
        lossy = (LOSSY,) if self.kind == "JPEG" else ()
        return UploadedSlice(image, self.kind, (*self._notes, *lossy, *notes))


def open_upload(name: str, content: bytes) -> Upload:
    """Open an uploaded file; of its name only the ending is looked at, for a note.

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
    except UnreadableImage as error:
        raise RefusedUpload(_sentence(kind, 1, 0, error.reason)) from None
    return Upload(kind, opened.count, opened, (*_name_notes(name, kind), *_header_notes(opened)))


def sniff(content: bytes) -> str | None:
    """Tell PNG, JPEG, DICOM and NIfTI by their first bytes; None for anything else."""
    if content.startswith(PNG_MAGIC):
        return "PNG"
    if content.startswith(JPEG_MAGIC):
        return "JPEG"
    if is_dicom(content):
        return "DICOM"
    return "NIfTI" if is_nifti(content) else None


def _header_notes(opened: OpenFile) -> tuple[str, ...]:
    """Say what in the header tells that this is no slice of a brain by MR."""
    notes = []
    if opened.said is not None and opened.said.other_modality:
        modality = opened.said.modality[:8]
        notes.append(f"The header says modality {modality}, not MR; the model has seen MR slices only.")
    if opened.said is not None and opened.said.other_body_part:
        notes.append(f"The header says body part {opened.said.body_part}; the model has seen brains only.")
    return tuple(notes)


def _sentence(kind: str, count: int, number: int, reason: str) -> str:
    if count == 1:
        return f"This {kind} file cannot be used: {reason}."
    return f"Slice {number + 1} of {count} of this {kind} file cannot be used: {reason}."


def _name_notes(name: str, kind: str) -> tuple[str, ...]:
    if PurePath(name).suffix.lower() in SUFFIXES[kind]:
        return ()
    return (f"The file's name ends otherwise, but its content is {kind}; it was read as that.",)
