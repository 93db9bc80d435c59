"""Images that no hospital trained on: patterns, photographs, other parts of the body.

All of them are made here, or come with scikit-learn and pydicom.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from common.data.sources.slices import open_slices

EDGE = 224
Levels = npt.NDArray[np.float64]
_BODIES = {  # of pydicom's test files
    "MR, no head (MR_small.dcm)": "MR_small.dcm",
    "MR, abdomen (examples_overlay.dcm)": "examples_overlay.dcm",
    "CT, trunk (CT_small.dcm)": "CT_small.dcm",
    "CT, head (J2K_pixelrep_mismatch.dcm)": "J2K_pixelrep_mismatch.dcm",
}


def strange_images() -> dict[str, list[Image.Image]]:
    """Return the images, RGB, by what they are."""
    return {
        "grey noise": _noise(),
        "blurred noise": _blurred_noise(),
        "sine pattern": _sines(),
        "flat grey": [_picture(np.full((EDGE, EDGE), level)) for level in range(0, 256, 17)],
        "photographs": _photographs(lambda picture: picture),
        "photographs, grey": _photographs(lambda picture: picture.convert("L").convert("RGB")),
        "photographs, grey and darkened": _photographs(lambda picture: _picture(0.45 * _levels(picture))),
        "photographs, darkened, in a disc on black": _photographs(_in_disc),
        "knees, drawn": _knees(),
        **{name: [_body(file)] for name, file in _BODIES.items()},
    }


def _picture(levels: Levels) -> Image.Image:
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).convert("RGB")


def _levels(picture: Image.Image) -> Levels:
    return np.asarray(picture.convert("L").resize((EDGE, EDGE)), dtype=np.float64)


def _noise(count: int = 20) -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [
        _picture(rng.uniform(0, 255, (EDGE, EDGE)) if i % 2 else rng.normal(60, 40, (EDGE, EDGE))) for i in range(count)
    ]


def _blurred_noise(count: int = 20) -> list[Image.Image]:
    from scipy.ndimage import gaussian_filter

    rng, found = np.random.default_rng(1), []
    for i in range(count):
        levels = gaussian_filter(rng.normal(size=(EDGE, EDGE)), 2.0 ** (i % 5))
        found.append(_picture((levels - levels.min()) / np.ptp(levels) * (102 + 51 * (i % 4))))
    return found


def _sines(count: int = 20) -> list[Image.Image]:
    y, x = np.mgrid[:EDGE, :EDGE]
    found = []
    for i in range(count):
        angle, period = np.pi * i / count, (6, 10, 16, 28, 56)[i % 5]
        found.append(_picture(60 + 50 * np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)))
    return found


def _photographs(change: Callable[[Image.Image], Image.Image], count: int = 40) -> list[Image.Image]:
    """Return square cuts of the two photographs that come with scikit-learn."""
    from sklearn.datasets import load_sample_images

    whole = [Image.fromarray(levels) for levels in load_sample_images().images]
    rng, found = np.random.default_rng(2), []
    for i in range(count):
        picture = whole[i % 2]
        edge = int(rng.integers(120, picture.height))
        left, top = int(rng.integers(0, picture.width - edge + 1)), int(rng.integers(0, picture.height - edge + 1))
        found.append(change(picture.crop((left, top, left + edge, top + edge))))
    return found


def _in_disc(picture: Image.Image) -> Image.Image:
    y, x = np.mgrid[:EDGE, :EDGE]
    return _picture(0.6 * _levels(picture) * ((x - EDGE / 2) ** 2 + (y - EDGE / 2) ** 2 < (0.42 * EDGE) ** 2))


def _knees(count: int = 10) -> list[Image.Image]:
    """Draw a thigh bone above a shin bone in soft tissue, and a kneecap, from the front."""
    from scipy.ndimage import gaussian_filter

    rng, found = np.random.default_rng(3), []
    for _ in range(count):
        picture, width, middle = Image.new("L", (EDGE, EDGE), 0), int(rng.integers(45, 65)), EDGE // 2
        draw, left, right = ImageDraw.Draw(picture), middle - width, middle + width
        draw.rounded_rectangle((left, 0, right, EDGE), 20, fill=90)
        draw.rectangle((left + 12, 0, right - 12, EDGE), fill=50)
        draw.rounded_rectangle((left + 22, -20, right - 26, 100), 30, fill=170)
        draw.rounded_rectangle((left + 20, 112, right - 22, 250), 26, fill=160)
        draw.line((left + 20, 106, right - 22, 106), fill=20, width=4)
        draw.ellipse((right - 24, 60, right - 6, 110), fill=150)
        found.append(_picture(gaussian_filter(np.asarray(picture, float), 2) + rng.normal(0, 4, (EDGE, EDGE))))
    return found


def _body(name: str) -> Image.Image:
    import pydicom

    path = next((pathlib.Path(pydicom.__file__).parent / "data").rglob(name))
    opened = open_slices(path.read_bytes())
    return opened.read(opened.count // 2)[0]
