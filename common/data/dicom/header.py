"""Read a DICOM header and judge it before any pixel is touched; needs pydicom, the extra "imaging".

What is refused here, each with a reason: files that unfold as a whole (deflated), unknown ways to store pixels, objects
without pixels (reports, plans, directories), sizes that no MR slice has, and pixels that are not all there.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from common import files
from common.data.decode import UnreadableImage
from common.text import counted

if TYPE_CHECKING:
    from pydicom import Dataset

MAX_FRAME_PIXELS = 2048 * 2048
"""Pixels of a frame: MR slices have up to 1024 x 1024, and a run-length code unfolds 64 times before it is seen."""
MAX_FRAMES = 1000
UNCOMPRESSED = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"})
RUN_LENGTH = "1.2.840.10008.1.2.5"
BY_PILLOW = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 90, 91))
"""JPEG and JPEG 2000."""
BY_GDCM = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (57, 70, 80, 81))
"""JPEG lossless and JPEG-LS."""
GREYS = frozenset({"MONOCHROME1", "MONOCHROME2"})
COLOURS = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"})

# pydicom warns of what it could mend; several threads read, so no filter may be set and taken back.
warnings.filterwarnings("ignore", module="pydicom")

_JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
_MAGIC, _MAGIC_AT = b"DICM", 128
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def is_dicom(content: bytes) -> bool:
    """Tell by the mark behind the preamble, whatever the file is called."""
    return content[_MAGIC_AT : _MAGIC_AT + 4] == _MAGIC


def read_header(path: Path) -> Dataset | None:
    """Read a file up to its pixels; None where it is no DICOM file or cannot be read."""
    try:
        with files.open_regular(path) as file:
            return _parsed(file, pixels=False) if is_dicom(file.read(_MAGIC_AT + 4)) else None
    except (OSError, UnreadableImage):
        return None


def header_in(content: bytes) -> Dataset | None:
    """Read a header from a file's content, as `read_header` does from a file."""
    try:
        return _parsed(BytesIO(content), pixels=False) if is_dicom(content) else None
    except UnreadableImage:
        return None


def read_dataset(content: bytes) -> Dataset:
    """Read a whole file, its pixels still as they are stored.

    Raises
    ------
    UnreadableImage
        pydicom is missing, or the file is damaged or unfolds as a whole.
    """
    return _parsed(BytesIO(content), pixels=True)


def judge(header: Dataset, size: int) -> None:
    """Refuse by its header what cannot be a slice.

    Parameters
    ----------
    size : int
        Of the file, bytes.

    Raises
    ------
    UnreadableImage
        See the head of this file.
    """
    try:
        _judge(header, size)
    except (TypeError, ValueError, AttributeError):
        raise UnreadableImage("truncated or damaged") from None


def frame_count(dataset: Dataset) -> int:
    """Return how many frames a judged file holds."""
    return int(dataset.get("NumberOfFrames") or 1)


def _parsed(file: BinaryIO, pixels: bool) -> Dataset:
    try:
        from pydicom import dcmread
    except ImportError:
        raise UnreadableImage(
            "reading it needs pydicom, which is not installed here; install it with "
            "pip install 'brain-tumour-federation[imaging]', or export the slice as PNG"
        ) from None
    try:
        _check_syntax(file)
        file.seek(0)
        return dcmread(file, stop_before_pixels=not pixels)
    except UnreadableImage:
        raise
    except MemoryError:
        raise UnreadableImage("not enough memory to read it") from None
    except Exception:  # damaged files make pydicom raise nearly every built-in type
        raise UnreadableImage("truncated or damaged") from None


def _check_syntax(file: BinaryIO) -> None:
    """Read the file's own first group only: a deflated file is unpacked as soon as more is asked for."""
    from pydicom.filereader import read_dataset

    file.seek(_MAGIC_AT + 4)
    group = read_dataset(file, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag.group != 2)
    syntax = group.get("TransferSyntaxUID")
    if syntax is None:
        raise UnreadableImage("it does not say how its pixels are stored")
    if str(syntax) not in UNCOMPRESSED | BY_PILLOW | BY_GDCM | {RUN_LENGTH}:
        name = str(getattr(syntax, "name", syntax))
        raise UnreadableImage(
            f"it is compressed in a way that is not read here ({name:.60}); export it uncompressed (Explicit VR "
            "Little Endian) or as PNG"
        )


def _judge(header: Dataset, size: int) -> None:
    if "Rows" not in header or "Columns" not in header or not any(name in header for name in _PIXELS):
        raise UnreadableImage("it holds no image")
    rows, columns, frames = int(header.Rows), int(header.Columns), frame_count(header)
    if rows < 1 or columns < 1 or frames < 1 or rows * columns > MAX_FRAME_PIXELS:
        raise UnreadableImage(f"its header claims {columns} x {rows} pixels, which cannot be a slice")
    if frames > MAX_FRAMES:
        raise UnreadableImage(f"it holds {frames:,} frames and the limit is {MAX_FRAMES:,}; export it in parts")
    kind, bits = str(header.get("PhotometricInterpretation")), int(header.BitsAllocated)
    if kind not in GREYS | COLOURS or (kind in COLOURS and bits != 8):
        raise UnreadableImage("it stores colours in a way that is not read here; export the slice as PNG")
    if bits not in (8, 16, 32, 64):
        raise UnreadableImage(f"it stores {counted(bits, 'bit')} a pixel, a mask or something else that is no slice")
    if str(header.file_meta.TransferSyntaxUID) == _JPEG_EXTENDED and int(header.BitsStored) != 8:
        raise UnreadableImage("it is JPEG with 12 bits, which nothing here decodes; export it uncompressed or as PNG")
    halved = 2 if kind == "YBR_FULL_422" else 1
    claimed = rows * columns * frames * int(header.get("SamplesPerPixel", 1)) * bits // 8 // halved
    if str(header.file_meta.TransferSyntaxUID) in UNCOMPRESSED and claimed > size:
        raise UnreadableImage("truncated: its header claims more pixels than it holds")
