"""One frame of a DICOM file as RGB, windowed as its header asks.

- Rescale first, then the window (or the table) that the header gives; where it gives none, from the frame's own
  darkest to its own brightest value, padding left out. Frames of an enhanced file have rules of their own.
- MONOCHROME1 counts darkness, so it is turned round.
- A compressed frame is decoded only if the size in its own stream is the one in the header: no small file can unfold
  into a large image. Pillow decodes JPEG and JPEG 2000, GDCM (in a process of its own) JPEG lossless and JPEG-LS,
  pydicom run lengths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from common.data.decode import UnreadableImage
from common.data.dicom.apart import decode_apart
from common.data.dicom.codestream import claimed_shape
from common.data.dicom.header import BY_GDCM, COLOURS, RUN_LENGTH, UNCOMPRESSED, frame_count

if TYPE_CHECKING:
    from pydicom import Dataset

NO_WINDOW = "The header gives no window: stretched from its own darkest to its own brightest grey."

_BEYOND_ANY_LEVEL = 2**31 - 1
_TO_GREYS = ("PixelValueTransformationSequence", "FrameVOILUTSequence")
_RULES = (
    *("RescaleSlope", "RescaleIntercept", "RescaleType", "ModalityLUTSequence"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
    *("BitsStored", "BitsAllocated", "PixelRepresentation", "PhotometricInterpretation", "PixelPaddingValue"),
)


def read_frame(dataset: Dataset, frame: int) -> tuple[Image.Image, tuple[str, ...]]:
    """Decode one frame of a judged file (`common.data.dicom.header.read_dataset`).

    Returns
    -------
    tuple of PIL.Image.Image and tuple of str
        RGB, and one sentence for each thing that was done to the pixels without the header asking for it.

    Raises
    ------
    UnreadableImage
        The frame is damaged, too large, or nothing here can decode it.
    """
    try:
        return _read(dataset, frame)
    except UnreadableImage:
        raise
    except MemoryError:
        raise UnreadableImage("not enough memory to read it") from None
    except Exception as error:  # damaged files make pydicom and its decoders raise nearly every built-in type
        unknown = "missing dependencies" in str(error)
        reason = "no decoder for it is installed here; export it uncompressed or as PNG"
        raise UnreadableImage(reason if unknown else "truncated or damaged") from None


def _read(dataset: Dataset, frame: int) -> tuple[Image.Image, tuple[str, ...]]:
    levels = _levels(dataset, frame)
    if dataset.PhotometricInterpretation in COLOURS:
        return Image.fromarray(np.asarray(levels, dtype=np.uint8)).convert("RGB"), ()
    grey, notes = _to_grey(levels, _rules(dataset, frame))
    return Image.fromarray(grey).convert("RGB"), notes


def _levels(dataset: Dataset, frame: int) -> npt.NDArray[Any]:
    """Return the stored values of a frame, colours as RGB."""
    from pydicom.pixels import pixel_array

    syntax = str(dataset.file_meta.TransferSyntaxUID)
    if syntax in UNCOMPRESSED:
        return pixel_array(dataset, index=frame)
    content = _compressed(dataset, frame)
    if syntax != RUN_LENGTH and claimed_shape(content) != (dataset.Rows, dataset.Columns, dataset.SamplesPerPixel):
        raise UnreadableImage("damaged: its compressed pixels claim another size than its header")
    if syntax in BY_GDCM:
        return decode_apart(content, _options(dataset, syntax))
    return pixel_array(dataset, index=frame, decoding_plugin="pydicom" if syntax == RUN_LENGTH else "pillow")


def _compressed(dataset: Dataset, frame: int) -> bytes:
    """Return a frame as it is stored; one that is larger than its pixels would unfold into what nobody can foresee."""
    from pydicom.encaps import get_frame

    tables = (dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths"))
    extended = tables if all(tables) else None
    content = get_frame(dataset.PixelData, frame, extended_offsets=extended, number_of_frames=frame_count(dataset))
    unfolded = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
    if len(content) > 2 * unfolded + 65_536:
        raise UnreadableImage("damaged: a compressed frame is larger than what it unfolds to")
    return content


def _options(dataset: Dataset, syntax: str) -> dict[str, Any]:
    numbers = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "PixelRepresentation")
    names = ("rows", "columns", "samples_per_pixel", "bits_allocated", "bits_stored", "pixel_representation")
    return {
        "syntax": syntax,
        "photometric_interpretation": str(dataset.PhotometricInterpretation),
        "planar_configuration": int(dataset.get("PlanarConfiguration", 0)),
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
        **{name: int(dataset[number].value) for name, number in zip(names, numbers, strict=True)},
    }


def _rules(dataset: Dataset, frame: int) -> Dataset:
    """Collect what turns stored values into greys, of the file and of this frame."""
    from pydicom import Dataset

    rules = Dataset()
    for name in _RULES:
        if name in dataset:
            rules[name] = dataset[name]
    shared, each = (dataset.get(f"{who}FunctionalGroupsSequence") for who in ("Shared", "PerFrame"))
    for group in (shared[0] if shared else None, each[frame] if each and frame < len(each) else None):
        for name in _TO_GREYS:
            if group is not None and group.get(name):
                rules.update(group[name][0])
    return rules


def _to_grey(levels: npt.NDArray[Any], rules: Dataset) -> tuple[npt.NDArray[np.uint8], tuple[str, ...]]:
    from pydicom.pixels import apply_modality_lut, apply_voi_lut

    values = apply_modality_lut(levels, rules)
    windowed = _has_window(rules)
    if windowed:
        low, high = apply_voi_lut(np.array([-_BEYOND_ANY_LEVEL, _BEYOND_ANY_LEVEL]), rules)
        values = apply_voi_lut(values, rules)
    else:
        values = values.astype(np.float64)
        values[_padding(levels, rules) | ~np.isfinite(values)] = np.nan
        if np.isnan(values).all():
            raise UnreadableImage("holds no finite pixel value")
        low, high = np.nanmin(values), np.nanmax(values)
    shares = (values.astype(np.float64) - float(low)) / max(float(high) - float(low), 1e-12)
    grey: Any = np.rint(np.clip(np.nan_to_num(shares), 0.0, 1.0) * 255.0).astype(np.uint8)
    inverted = rules.PhotometricInterpretation == "MONOCHROME1"
    return 255 - grey if inverted else grey, () if windowed else (NO_WINDOW,)


def _has_window(rules: Dataset) -> bool:
    """Tell whether the header gives a table, or a window of a width that can be."""
    from pydicom.multival import MultiValue

    if rules.get("VOILUTSequence"):
        return True
    width, centre = rules.get("WindowWidth"), rules.get("WindowCenter")
    first = width[0] if isinstance(width, MultiValue) and width else width
    return centre not in (None, "") and first not in (None, "") and float(first) > 1


def _padding(levels: npt.NDArray[Any], rules: Dataset) -> npt.NDArray[np.bool_]:
    value = rules.get("PixelPaddingValue")
    return np.zeros(levels.shape, dtype=bool) if not isinstance(value, int) else levels == value
