"""One slice of a DICOM file, windowed as its header asks; needs pydicom, the extra "imaging".

The header is read and judged before any pixel is. Only uncompressed pixels are taken: their size follows from the
header, so no small file can unfold into a large one, and no decoder of another library meets an upload.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from common.data.decode import MAX_PIXELS, UnreadableImage

if TYPE_CHECKING:
    from pydicom import Dataset

UNCOMPRESSED: dict[str, str] = {
    "1.2.840.10008.1.2": "Implicit VR Little Endian",
    "1.2.840.10008.1.2.1": "Explicit VR Little Endian",
    "1.2.840.10008.1.2.2": "Explicit VR Big Endian",
}
GREYS = ("MONOCHROME1", "MONOCHROME2")
COLOURS = ("RGB",)
_BEYOND_ANY_LEVEL = 2**31 - 1


def read_dicom(content: bytes) -> tuple[Image.Image, tuple[str, ...]]:
    """Read one slice.

    Parameters
    ----------
    content : bytes
        A DICOM file with its preamble.

    Returns
    -------
    tuple of PIL.Image.Image and tuple of str
        RGB, and one sentence for each thing the reader should know.

    Raises
    ------
    RefusedUpload
        pydicom is missing, the file is damaged, compressed, too large or holds no slice.
    """
    try:
        import pydicom  # noqa: F401
    except ImportError:
        raise UnreadableImage(
            "reading it needs pydicom, which is not installed here; install it with "
            "pip install 'brain-tumour-federation[imaging]', or export the slice as PNG"
        ) from None
    try:
        return _read(content)
    except UnreadableImage:
        raise
    except MemoryError:
        raise UnreadableImage("not enough memory to read it") from None
    except Exception:  # damaged files make pydicom raise nearly every built-in type
        raise UnreadableImage("truncated or damaged") from None


def _read(content: bytes) -> tuple[Image.Image, tuple[str, ...]]:
    from pydicom import dcmread
    from pydicom.pixels import pixel_array

    _check_syntax(content)
    header = dcmread(BytesIO(content), stop_before_pixels=True)
    frames = _check_header(header, len(content))
    dataset = dcmread(BytesIO(content))
    if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise UnreadableImage("it holds no image")
    middle = frames // 2
    levels = pixel_array(dataset, index=middle)
    notes = [_frame_note(middle, frames)] if frames > 1 else []
    if header.get("Modality") not in ("MR", None, ""):
        notes.append(f"The header says modality {header.Modality!s:.8}, not MR; the model has seen MR slices only.")
    if header.PhotometricInterpretation in COLOURS:
        return Image.fromarray(np.asarray(levels, dtype=np.uint8)).convert("RGB"), tuple(notes)
    grey, how = _to_grey(levels, dataset)
    return Image.fromarray(grey).convert("RGB"), (*notes, *how)


def _check_syntax(content: bytes) -> None:
    """Read the file's own first group only: a deflated file is unpacked as soon as more is asked for."""
    from pydicom.filereader import read_dataset

    start = BytesIO(content)
    start.seek(132)
    group = read_dataset(start, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag.group != 2)
    syntax = group.get("TransferSyntaxUID")
    if syntax is None:
        raise UnreadableImage("it does not say how its pixels are stored")
    if str(syntax) not in UNCOMPRESSED:
        name = str(getattr(syntax, "name", syntax))
        raise UnreadableImage(
            f"it is compressed ({name:.60}); export it uncompressed (Explicit VR Little Endian) or as PNG"
        )


def _check_header(header: Dataset, size: int) -> int:
    """Refuse by the header what cannot be one slice; return the number of frames."""
    if "Rows" not in header or "Columns" not in header:
        raise UnreadableImage("it holds no image")
    rows, columns, frames = int(header.Rows), int(header.Columns), int(header.get("NumberOfFrames") or 1)
    if rows * columns > MAX_PIXELS or rows < 1 or columns < 1 or frames < 1:
        raise UnreadableImage(f"its header claims {columns} x {rows} pixels, which cannot be a slice")
    kind = str(header.get("PhotometricInterpretation"))
    if kind not in (*GREYS, *COLOURS) or (kind in COLOURS and int(header.BitsAllocated) != 8):
        raise UnreadableImage("it stores colours in a way that is not read here; export the slice as PNG")
    claimed = rows * columns * frames * int(header.get("SamplesPerPixel", 1)) * int(header.BitsAllocated) // 8
    if claimed > size:
        raise UnreadableImage("truncated: its header claims more pixels than it holds")
    return frames


def _frame_note(middle: int, frames: int) -> str:
    return f"The file holds {frames} frames; the middle one, number {middle + 1}, is shown and judged."


def _to_grey(levels: np.ndarray, dataset: Dataset) -> tuple[np.ndarray, list[str]]:
    """Apply rescale and window, or stretch from darkest to brightest where the header has no window."""
    from pydicom.pixels import apply_modality_lut, apply_voi_lut

    values = apply_modality_lut(levels, dataset)
    notes = []
    if "WindowCenter" in dataset or "VOILUTSequence" in dataset:
        low, high = apply_voi_lut(np.array([-_BEYOND_ANY_LEVEL, _BEYOND_ANY_LEVEL]), dataset)
        values = apply_voi_lut(values, dataset)
    else:
        low, high = values.min(), values.max()
        notes.append("The header gives no window: stretched from its own darkest to its own brightest grey.")
    shares = (values.astype(np.float64) - float(low)) / max(float(high) - float(low), 1e-12)
    grey: Any = np.rint(np.clip(np.nan_to_num(shares), 0.0, 1.0) * 255.0).astype(np.uint8)
    return 255 - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey, notes
