"""Where the head is in a slice, so that heat is drawn inside of it alone: bright, in one piece, without holes."""

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

Mask = npt.NDArray[np.bool_]

NO_HEAD = "No head could be told from its background, so the heat is drawn everywhere."
MUCH_OUTSIDE = 0.5  # of the heat
OUTSIDE = "More than half of the evidence lay outside of the head: do not rely on this answer."

_EDGE = 256
_DIM = 0.15  # of the way from the background to the brightest: less is background and its noise
_GAP, _BRIDGE = 2, 3  # pixels of _EDGE over which a broken outline is closed, and which writing may hang on
_SMOOTH = 7  # pixels of _EDGE over which noise, and then the outline, is evened
_LEAST, _MOST = 0.08, 0.97  # shares of a slice: less is no head, more is no background


def head_mask(picture: Image.Image) -> Mask | None:
    """Return where in a slice, its longer side 256 pixels, the head is; None where none can be told."""
    scale = _EDGE / max(picture.size)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    grey = np.asarray(picture.convert("L").resize(size, Image.Resampling.BILINEAR), dtype=np.float64)
    smooth = ndimage.uniform_filter(grey, _SMOOTH)
    dark, light = np.percentile(smooth, (2, 99))
    bright = ndimage.binary_closing(smooth > dark + _DIM * (light - dark), iterations=_GAP)
    whole = ndimage.binary_fill_holes(bright)
    pieces, count = ndimage.label(ndimage.binary_opening(whole, iterations=_BRIDGE))
    if not count:
        return None
    largest = int(np.bincount(pieces.ravel())[1:].argmax()) + 1
    found: Mask = ndimage.uniform_filter((pieces == largest).astype(np.float64), _SMOOTH) > 0.5
    return found if _LEAST <= found.mean() <= _MOST else None


def avoids_head(heat: npt.NDArray[np.float32], head: Mask) -> bool:
    """Tell whether most of the heat lies outside of the head, and more than if it were spread evenly.

    A head fills a third of some slices, and the heat of small images has four cells: much of it is outside in any case.
    """
    return share_outside(heat, head) > max(MUCH_OUTSIDE, 1.0 - float(head.mean()))


def share_outside(heat: npt.NDArray[np.float32], head: Mask) -> float:
    """Return the share of a slice's heat (any size) that lies outside of the head, 0 to 1."""
    size = (head.shape[1], head.shape[0])
    large = np.clip(np.asarray(Image.fromarray(heat).resize(size, Image.Resampling.BICUBIC)), 0.0, 1.0)
    total = float(large.sum())
    return float(large[~head].sum()) / total if total > 0 else 0.0
