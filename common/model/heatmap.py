"""The heat of Grad-CAM over a slice: magma, whose lightness rises evenly; what is hardly warm is left as it is."""

import numpy as np
import numpy.typing as npt
from PIL import Image

COLD = 0.25
_MAGMA = "000004 180f3d 440f76 721f81 9e2f7f cd4071 f1605d fd9668 feca8d fcfdbf"  # matplotlib's, in even steps
_RAMP = np.array([list(bytes.fromhex(stop)) for stop in _MAGMA.split()], dtype=np.float64)


def fit(image: Image.Image, edge: int) -> Image.Image:
    """Shrink a large image, aspect kept, so that its longer side is at most `edge` pixels; a small one stays."""
    scale = edge / max(image.size)
    if scale >= 1.0:
        return image
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def magma(heat: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Colour values ``[H, W]`` from 0 to 1; returns RGB ``[H, W, 3]``."""
    stops = np.linspace(0.0, 1.0, len(_RAMP))
    return np.stack([np.interp(heat, stops, _RAMP[:, channel]) for channel in range(3)], axis=-1).astype(np.uint8)


def scale_colours(count: int) -> npt.NDArray[np.uint8]:
    """Return the colours of heat, ``[count, 3]``, from the coldest that is drawn to the hottest."""
    return magma(np.linspace(COLD, 1.0, count))


def overlay(
    image: Image.Image,
    heat: npt.NDArray[np.float32],
    strength: float,
    within: npt.NDArray[np.bool_] | None = None,
) -> Image.Image:
    """Lay heat over a slice.

    Parameters
    ----------
    image : PIL.Image.Image
        RGB, any size; the answer has the same.
    heat : ndarray of float32, shape [h, w]
        0 to 1, from Grad-CAM; brought to the image's size.
    strength : float
        0 (the slice alone) to 1 (the hottest place covered).
    within : ndarray of bool, any size, optional
        Where heat may be drawn; brought to the image's size.
    """
    large = Image.fromarray(np.asarray(heat, dtype=np.float32)).resize(image.size, Image.Resampling.BICUBIC)
    warm = np.clip(np.asarray(large), 0.0, 1.0)
    cover = strength * np.clip((warm - COLD) / (1.0 - COLD), 0.0, 1.0)
    if within is not None:
        mask = Image.fromarray(within.astype(np.uint8) * 255).resize(image.size, Image.Resampling.BILINEAR)
        cover = cover * (np.asarray(mask) / 255.0)
    base = np.asarray(image.convert("RGB"), dtype=np.float64)
    mixed = base + (magma(warm).astype(np.float64) - base) * cover[..., None]
    return Image.fromarray(np.rint(mixed).astype(np.uint8))
