"""Notes on an image: size, brightness, contrast, aspect, colour; whether it is like a slice is not theirs to say.

The limits are outside of everything that was seen in 400 slices drawn from three hospitals: mean grey 17 to 108,
deviation 20 to 89, square, grey. An image that fails a check is still judged; the reader is told.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from common.model import heatmap

BRIGHTNESS = (10.0, 150.0)
MIN_CONTRAST = 15.0
MAX_ASPECT = 1.5
MAX_COLOUR = 8.0
_THUMB = 256


@dataclass(frozen=True)
class Check:
    """One check of an image."""

    name: str
    value: str
    """What was found, with its unit."""
    passed: bool
    """Whether it is within what slices have; noise may be, too (see `dashboard.model.familiarity`)."""
    sentence: str = ""
    """What to make of it, where it did not pass."""


def check_image(image: Image.Image, image_size: int) -> tuple[Check, ...]:
    """Check one slice (RGB, full size) for a model whose input has edges of `image_size` pixels."""
    red, green, blue = np.moveaxis(np.asarray(heatmap.fit(image, _THUMB), dtype=np.float64), 2, 0)
    grey = (red + green + blue) / 3
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return (
        _size(image.size, image_size),
        _brightness(float(grey.mean())),
        _contrast(float(grey.std())),
        _aspect(image.size),
        _colour(float(spread.mean())),
    )


def _size(size: tuple[int, int], image_size: int) -> Check:
    passed = min(size) * 2 >= image_size
    return Check("Size", f"{size[0]} x {size[1]} px", passed, _unless(passed, "Small: it is enlarged for the model."))


def _brightness(mean: float) -> Check:
    passed = BRIGHTNESS[0] <= mean <= BRIGHTNESS[1]
    sentence = "Nearly black." if mean < BRIGHTNESS[0] else "Brighter than slices are; perhaps it is inverted."
    return Check("Brightness", f"{mean:.0f} of 255", passed, _unless(passed, sentence))


def _contrast(deviation: float) -> Check:
    passed = deviation >= MIN_CONTRAST
    return Check("Contrast", f"{deviation:.0f} of 255", passed, _unless(passed, "Nearly uniform: little to see."))


def _aspect(size: tuple[int, int]) -> Check:
    ratio = max(size) / min(size)
    passed = ratio <= MAX_ASPECT
    return Check("Aspect", f"{ratio:.2f} : 1", passed, _unless(passed, "Far from square: the model sees it squeezed."))


def _colour(spread: float) -> Check:
    passed = spread <= MAX_COLOUR
    return Check("Colour", "grey" if passed else "coloured", passed, _unless(passed, "MRI slices are grey."))


def _unless(passed: bool, sentence: str) -> str:
    return "" if passed else sentence
