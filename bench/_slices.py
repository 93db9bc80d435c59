"""Draw folders of slices that are as different from each other as real ones, with planted copies, for `bench.folder`.

A patient is a head of its own outline, with a skull, random soft structures and a bright or dark spot; 8 to 19 slices
follow one another through it: numbered in a row, in one class with a folder for each patient, and in one under names
that say nothing. One slice in ten is a changed copy of an earlier one: brighter or darker, compressed harder, and in
any of the eight orientations; one in fifty is a copy byte for byte. Of any two patients' slices the small versions
correlate much as those of the real sample do (median 0.52 there and 0.59 in figshare's, one pair in a thousand above
0.87 and 0.88), which those of `common.phantoms` do not: they are drawn for people to look at, and one head resembles
the other.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from common.data.thumbs import Thumbs, orient
from common.labels import CLASSES

Field = npt.NDArray[np.float64]

_SIDE = 64  # structures are drawn at half of the size at which slices are saved
_SAVED = 128
_GRAINS = ((3, 0.8), (5, 0.7), (9, 0.6), (17, 0.5), (33, 0.35))  # cells along a side, and strength
_COPIED, _CHANGED = 0.02, 0.10
_RECENT = 500
_UNORDERED, _BY_PATIENT = "notumor", "pituitary"


@dataclass(frozen=True)
class _Drawn:
    """A slice: its class, its patient's number, and its file."""

    kind: str
    patient: int
    content: bytes


def draw_folder(folder: Path, count: int, seed: int) -> list[Path]:
    """Draw slices into class folders; the first n of the files returned are a sound folder of n slices, too."""
    rng = np.random.default_rng([seed, count])
    names = rng.permutation(10 * count)
    paths = []
    for number, drawn in zip(range(count), _slices(seed), strict=False):
        shown = names[number] if drawn.kind == _UNORDERED else number
        below = f"patient_{drawn.patient:05}" if drawn.kind == _BY_PATIENT else ""
        paths.append(folder / drawn.kind / below / f"{shown}.jpg")
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        paths[-1].write_bytes(drawn.content)
    return paths


def link_folder(paths: list[Path], root: Path, folder: Path) -> None:
    """Make a folder of the same files below `root`, without copying them."""
    for path in paths:
        place = folder / path.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, place)


def _slices(seed: int) -> Iterator[_Drawn]:
    patient = 0
    recent: list[_Drawn] = []
    while True:
        rng = np.random.default_rng([seed, 1, patient])
        kind = CLASSES[patient % len(CLASSES)]
        for picture in _patient(rng):
            drawn = _Drawn(kind, patient, _jpeg(picture, 90))
            recent = [*recent[-_RECENT:], drawn]
            yield drawn
            chance = rng.random()
            if chance < _COPIED + _CHANGED:
                source = recent[rng.integers(len(recent))]
                yield source if chance < _COPIED else _changed(source, rng)
        patient += 1


def _changed(drawn: _Drawn, rng: np.random.Generator) -> _Drawn:
    picture = np.asarray(Image.open(io.BytesIO(drawn.content)))
    turned = orient(picture[None], int(rng.integers(8)))[0] * rng.uniform(0.75, 1.15)
    return _Drawn(drawn.kind, drawn.patient, _jpeg(np.clip(turned, 0, 255).astype(np.uint8), 60))


def _jpeg(picture: Thumbs, quality: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def _patient(rng: np.random.Generator) -> Iterator[Thumbs]:
    """Yield the slices of one made-up patient."""
    count = int(rng.integers(8, 20))
    right, down = _head_space(rng)
    angle, outline = np.arctan2(right, down), np.hypot(right, down)
    for waves in range(2, 6):
        outline = outline * (1 + rng.uniform(0, 0.06) * np.cos(waves * angle + rng.uniform(0, 6.28)))
    soft, other = _structures(rng), _structures(rng)
    grey, contrast, skull, width = rng.uniform((0.25, 0.08, 0.1, 0.03), (0.5, 0.22, 0.5, 0.08))
    spot_right, spot_down, spot_size, spot = rng.uniform((-0.5, -0.5, 0.1, -0.3), (0.5, 0.5, 0.3, 0.6))
    distance = (right - spot_right) ** 2 + (down - spot_down) ** 2
    step = rng.uniform(0.1, 0.3)
    for number in range(count):
        level = (number - (count - 1) / 2) / (count / 2)
        reach = outline / np.sqrt(1 - 0.4 * level**2)
        brain = 1 / (1 + np.exp(np.minimum((reach - 1) * 30, 50)))
        turn = step * number
        picture = brain * (grey + contrast * (np.cos(turn) * soft + np.sin(turn) * other))
        picture += skull * np.exp(-(((reach - 0.95) / width) ** 2))
        picture += spot * brain * np.exp(-distance / (2 * (spot_size * np.sqrt(1 - level**2) + 0.01) ** 2))
        yield _scanned(picture, rng)


def _head_space(rng: np.random.Generator) -> tuple[Field, Field]:
    """Return where each pixel lies in a head, in half widths and half heights."""
    places = (np.arange(_SIDE) + 0.5) * 2 / _SIDE - 1
    wide = rng.uniform(0.55, 0.9)
    high = min(0.95, wide * rng.uniform(1.0, 1.35))
    tilt, (x, y) = rng.normal(0, 0.12), rng.normal(0, 0.06, 2)
    across, along = np.meshgrid(places - x, places - y)
    return (np.cos(tilt) * across + np.sin(tilt) * along) / wide, (np.cos(tilt) * along - np.sin(tilt) * across) / high


def _structures(rng: np.random.Generator) -> Field:
    """Return soft random structures, coarse ones stronger than fine ones."""
    field = np.zeros((_SIDE, _SIDE))
    for cells, strength in _GRAINS:
        grains = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
        field += strength * np.asarray(grains.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC))
    return field


def _scanned(picture: Field, rng: np.random.Generator) -> Thumbs:
    bright = np.clip(picture, 0, 1.2) ** rng.uniform(0.9, 1.1) * rng.uniform(0.8, 1.0)
    noisy = np.clip(255 * (bright + rng.normal(0, 0.015, bright.shape)), 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(noisy).resize((_SAVED, _SAVED), Image.Resampling.BILINEAR))
