"""One image file to RGB pixels: the only place of the project that opens an image.

What comes out right, and how:

- 8-bit grey, palette, 1-bit, CMYK: Pillow's own conversion.
- Alpha of every kind (RGBA, LA, palette or grey with a transparent entry): laid over black, an MRI slice's background.
- 16-bit greys that use their own scale (half of it at least, or eight bits written as sixteen): that scale, so that the
  picture is the one that an 8-bit PNG or a JPEG of the slice holds.
- Other 16-bit and wider greys: stretched from the image's own darkest to its own brightest value, which is said. A
  scanner's 12 bits in a 16-bit file would come out black if the upper byte were taken; nothing in the file says how
  many bits are in use.
- EXIF orientation: applied, so that the pixels stand as a viewer shows them.
- Several frames or pages: the first.

What is refused (:class:`UnreadableImage`): other formats (Pillow would start Ghostscript for an EPS), truncated or
damaged files, and files too large to be one slice, before any of their pixels is decoded.
"""

import os
import warnings
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from common import files

MAX_PIXELS = 64_000_000
MAX_BYTES = 256 * 1024 * 1024
FORMATS: tuple[str, ...] = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000", "PPM")

STRETCHED = (
    "16 bits a pixel without a scale of their own: stretched from the darkest to the brightest grey. A JPEG of this "
    "slice shows the range that whoever saved it chose, so it may look different and get other probabilities."
)
"""What the reader of a picture should know of it where this was done."""

_DIMMEST_UPPER_BYTE = 32
_LEAST_OF_SCALE = 2**15  # scanners fill 12 bits, some 14, and write no more than 15; a spread beyond is a picture's

# Our own limit is lower than the one at which Pillow starts to warn, and refuses instead of warning.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class UnreadableImage(Exception):
    """A file that cannot be used as a slice.

    Parameters
    ----------
    reason : str
        A few words without the file's name, for example ``"truncated or damaged"``.
    unopened : bool
        The file's content was never seen (no permission, vanished, read error): a later attempt may succeed although
        the file has not changed.
    """

    def __init__(self, reason: str, *, unopened: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unopened = unopened


def read_bytes(path: Path) -> bytes:
    """Read a file that may hold one slice, at most :data:`MAX_BYTES`.

    Raises
    ------
    UnreadableImage
        The file cannot be opened, is empty, or is too large to be one slice.
    """
    try:
        with files.open_regular(path) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        may_change = os.path.isfile(path) or not os.path.exists(path)  # a pipe or a device stays what it is
        raise UnreadableImage(f"cannot be opened ({files.why(error)})", unopened=may_change) from error
    return _checked(data)


def decode_rgb(source: Path | BinaryIO | bytes) -> Image.Image:
    """Decode a file, an upload or a file's content to upright 8-bit RGB at full size.

    Where its greys were stretched, `STRETCHED` is under ``"note"`` in its ``info``.

    Raises
    ------
    UnreadableImage
        The file cannot be used; its ``reason`` says why in a few words.
    """
    if isinstance(source, Path):
        data = read_bytes(source)
    else:
        data = _checked(source if isinstance(source, bytes) else source.read(MAX_BYTES + 1))
    try:
        with Image.open(BytesIO(data), formats=_formats()) as image:
            _refuse_bomb(*image.size)
            wide = any(";16" in str(tile[3]) for tile in image.tile)
            # Loaded before its orientation is read: PNG may carry it behind the pixels, TIFF applies it meanwhile.
            image.load()
            rgb = _upright(_to_rgb(image, wide), image)
            rgb.info = {"note": STRETCHED} if _is_wide_grey(image) and _scale(np.asarray(image)) is None else {}
            return rgb
    except UnreadableImage:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableImage("not an image of a known format") from error
    except Image.DecompressionBombError as error:
        raise UnreadableImage(f"too large, over the limit of {MAX_PIXELS // 10**6} megapixels") from error
    except MemoryError as error:
        raise UnreadableImage("not enough memory to decode it") from error
    except Exception as error:  # Pillow's decoders raise nearly every built-in type on damaged input
        raise UnreadableImage("truncated or damaged") from error


def to_square(image: Image.Image, size: int) -> np.ndarray:
    """Resize to the model's input, writable ``uint8 [size, size, 3]``, bilinear with antialiasing as in version 1.

    The aspect is not kept; an image of any mode will do.
    """
    return np.array(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))


@lru_cache(maxsize=1)
def _formats() -> tuple[str, ...]:
    """Those of the formats that this build of Pillow can read."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _checked(data: bytes) -> bytes:
    if not data:
        raise UnreadableImage("empty file")
    if len(data) > MAX_BYTES:
        raise UnreadableImage(f"too large, over the limit of {MAX_BYTES // 2**20} MiB")
    return data


def _refuse_bomb(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        megapixels = round(width * height / 10**6)
        limit = MAX_PIXELS // 10**6
        raise UnreadableImage(f"too large, {width} x {height} is {megapixels} megapixels and the limit is {limit}")


def _to_rgb(image: Image.Image, wide: bool) -> Image.Image:
    if _is_wide_grey(image):
        return _narrow(image)
    if image.has_transparency_data:
        above = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
        rgb = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), above).convert("RGB")
    else:
        rgb = image.convert("RGB")
    if wide:
        _refuse_dark_colour(rgb)
    return rgb


def _refuse_dark_colour(rgb: Image.Image) -> None:
    """Refuse 16-bit colour in the lower bits: Pillow keeps the upper byte only, which would be all but black."""
    if np.asarray(rgb).max() < _DIMMEST_UPPER_BYTE:
        raise UnreadableImage("16-bit colour that uses its lower bits only; save it as 16-bit grey")


def _is_wide_grey(image: Image.Image) -> bool:
    return image.mode in ("I", "F") or image.mode.startswith("I;")


def _scale(values: np.ndarray) -> int | None:
    """Return by what a 16-bit grey is divided to get 8 bits on its own scale; None where it has to be stretched."""
    if values.dtype.itemsize != 2:
        return None
    if not (values & 255).any():
        return 256
    exact = ((values >> 8) == (values & 255)).all()
    return 257 if exact or int(values.max()) - int(values.min()) >= _LEAST_OF_SCALE else None


def _narrow(image: Image.Image) -> Image.Image:
    """Map a wide grey to 0..255, on its own scale or from its own range (finite values); a flat one becomes black."""
    stored = np.asarray(image)
    scale, values = _scale(stored), stored.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        raise UnreadableImage("holds no finite pixel value")
    low, high = (0.0, 255.0 * scale) if scale else (float(values[finite].min()), float(values[finite].max()))
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    grey = np.rint((values - low) * (255.0 / max(high - low, 1e-12))).astype(np.uint8)
    # A TIFF may count darkness; Pillow inverts such 8-bit files itself, wider ones it leaves as they are.
    if getattr(image, "tag_v2", {}).get(ExifTags.Base.PhotometricInterpretation) == 0:
        grey = 255 - grey
    return Image.fromarray(grey).convert("RGB")


def _upright(rgb: Image.Image, original: Image.Image) -> Image.Image:
    try:
        orientation = original.getexif().get(ExifTags.Base.Orientation, 1)
        rgb.info.clear()  # `exif_transpose` would write the other tags anew, and fail where one of them is damaged
        rgb.getexif()[ExifTags.Base.Orientation] = orientation
        ImageOps.exif_transpose(rgb, in_place=True)
    except Exception:  # a damaged EXIF block must not cost an image whose pixels are sound
        pass
    return rgb
