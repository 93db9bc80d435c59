"""Draw axial slices of made-up heads, and made-up tumours into them: each class as radiologists describe it.

First the head (scalp, skull, folded cortex, white matter, ventricles), then the tumours. No image is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.special import expit

Field = npt.NDArray[np.float64]

_TEXTURE_SIZE = 96


@dataclass(frozen=True)
class Head:
    """One made-up patient's head; lengths as fractions of half the image's side, brightness from 0 to 1."""

    tilt: float  # radians, in the image
    shift: tuple[float, float]  # of the centre, to the right and down
    axes: tuple[float, float]  # half width and half height at the widest level
    wobble: Field  # [3, 2]: strength and phase of the outline's 2nd to 4th harmonic
    scalp: float
    skull: float
    grey: float
    white: float
    fluid: float
    ventricles: tuple[float, float]  # size of the left and the right one; 1 is usual
    texture: Field  # [2, T, T]: two fields of folds; the slices of one head pass from one to the other


@dataclass(frozen=True)
class HeadSpace:
    """Where each pixel of a slice lies in a head."""

    right: Field  # [S, S], -1 to 1 from one side of the scalp to the other
    down: Field
    radius: Field  # [S, S], 0 in the middle, 1 at the scalp with its wobbling outline
    pixel: float  # size of one pixel in these units; the softness of every edge


def random_head(rng: np.random.Generator) -> Head:
    """Make up a patient's head; the same state of the generator gives the same head."""
    width = rng.uniform(0.58, 0.78)
    usual = rng.uniform(0.6, 1.4)
    white = rng.uniform(0.46, 0.68)
    return Head(
        tilt=rng.uniform(-0.3, 0.3),
        shift=(rng.uniform(-0.12, 0.12), rng.uniform(-0.15, 0.0)),
        axes=(width, min(0.84, width * rng.uniform(1.08, 1.32))),
        wobble=np.column_stack([rng.uniform(0.0, 0.04, 3), rng.uniform(0.0, 2 * np.pi, 3)]),
        scalp=rng.uniform(0.45, 0.85),
        skull=rng.uniform(0.04, 0.12),
        grey=white * rng.uniform(0.62, 0.82),
        white=white,
        fluid=rng.uniform(0.04, 0.14),
        ventricles=(usual * rng.uniform(0.85, 1.15), usual * rng.uniform(0.85, 1.15)),
        texture=_folds(rng),
    )


def head_space(head: Head, level: float, size: int) -> HeadSpace:
    """Lay the head's coordinates over a square image.

    Parameters
    ----------
    level : float
        Height of the slice, 0 at the widest place, -1 and 1 at the ends.
    size : int
        Side of the image in pixels.
    """
    places = (np.arange(size) + 0.5) * (2.0 / size) - 1.0
    x, y = np.meshgrid(places - head.shift[0], places - head.shift[1])
    girth = np.sqrt(1.0 - 0.5 * level**2)
    cosine, sine = np.cos(head.tilt), np.sin(head.tilt)
    right = (cosine * x + sine * y) / (head.axes[0] * girth)
    down = (cosine * y - sine * x) / (head.axes[1] * girth)
    angle = np.arctan2(right, down)
    outline = sum(strength * np.cos(k * angle + phase) for k, (strength, phase) in enumerate(head.wobble, start=2))
    return HeadSpace(right, down, np.hypot(right, down) * (1.0 + outline), 2.0 / (size * head.axes[0]))


def draw_head(head: Head, space: HeadSpace, level: float) -> Field:
    """Draw a head without a tumour, for a space of the same level.

    Returns
    -------
    numpy.ndarray
        ``float64 [S, S]``, brightness about 0 to 1 on black.
    """
    folds = _folds_at(head, space, level)
    image = inside(space, space.radius, 1.0) * head.scalp
    for edge, value in ((0.93, head.skull), (0.86, head.fluid), (0.83, head.grey)):
        image = lay(image, inside(space, space.radius, edge), value)
    image = lay(image, inside(space, space.radius + 0.05 * folds, 0.70), head.white)
    sulci = np.exp(-((folds / 0.28) ** 2)) * expit((space.radius - 0.58) * 16.0)  # between two folds
    brain = inside(space, space.radius, 0.84)
    image = lay(image, 0.6 * sulci * brain, head.fluid)
    falx = np.exp(-((space.right / 0.02) ** 2)) * expit((np.abs(space.down) - 0.42) * 20.0)
    image = lay(image, 0.7 * falx * brain, head.fluid)
    image = image + 0.035 * folds * brain
    return _draw_ventricles(image, head, space, level)


def lay(image: Field, mask: Field, value: float | Field) -> Field:
    """Lay a brightness over an image where ``mask`` is 1; in between where it is between 0 and 1."""
    return image + mask * (value - image)


def inside(space: HeadSpace, distance: Field, edge: float) -> Field:
    """Return 1 where ``distance`` is below ``edge``, 0 above, softened over about a pixel."""
    return expit((edge - distance) / (0.5 * space.pixel))


def ellipse(space: HeadSpace, centre: tuple[float, float], axes: tuple[float, float], tilt: float = 0.0) -> Field:
    """Return the distance from an ellipse's centre, 1 on its outline; ``float64 [S, S]``."""
    right, down = space.right - centre[0], space.down - centre[1]
    cosine, sine = np.cos(tilt), np.sin(tilt)
    return np.hypot((cosine * right + sine * down) / axes[0], (cosine * down - sine * right) / axes[1])


def _draw_ventricles(image: Field, head: Head, space: HeadSpace, level: float) -> Field:
    shrink = np.sqrt(max(0.15, 1.0 - 1.4 * level**2))
    for side, size in zip((-1.0, 1.0), head.ventricles, strict=True):
        nucleus = ellipse(space, (side * 0.24, 0.06), (0.12, 0.17), side * 0.3)
        image = lay(image, 0.8 * inside(space, nucleus, 1.0), head.grey)
        wide = size * shrink
        front = ellipse(space, (side * 0.11, -0.16), (0.06 * wide, 0.20 * wide), side * 0.25)
        back = ellipse(space, (side * 0.19, 0.26), (0.055 * wide, 0.17 * wide), -side * 0.4)
        for horn in (front, back):
            image = lay(image, expit((1.0 - horn) / (4.0 * space.pixel)), head.fluid)
    return image


def _folds(rng: np.random.Generator) -> Field:
    """Two fields of worm-like folds with mean 0 and deviation 1, half mirrored, as hemispheres are."""
    noise = rng.standard_normal((2, _TEXTURE_SIZE, _TEXTURE_SIZE))
    noise = 0.75 * noise + 0.65 * noise[:, :, ::-1]
    fields = np.stack([gaussian_filter(f, 2.8) - gaussian_filter(f, 5.6) for f in noise])
    return fields / fields.std(axis=(1, 2), keepdims=True)


def _folds_at(head: Head, space: HeadSpace, level: float) -> Field:
    mixed = np.cos(1.1 * level) * head.texture[0] + np.sin(1.1 * level) * head.texture[1]
    places = (np.stack([space.down, space.right]) + 1.0) * ((_TEXTURE_SIZE - 1) / 2.0)
    return map_coordinates(mixed, places, order=1, mode="nearest")


@dataclass(frozen=True)
class Tumour:
    """One made-up tumour; lengths as fractions of the head's half width, brightness from 0 to 1."""

    kind: str  # a class name; "notumor" draws nothing
    angle: float  # direction from the middle of the head, radians, 0 is down
    depth: float  # 0 near the middle, 1 near the skull
    size: float  # radius where it is widest
    stretch: float  # length over breadth
    brightness: float  # of its brightest part
    core: float  # radius of a glioma's dead middle, as a fraction of the whole
    outline: Field  # [5, 2]: strength and phase of the 2nd to 6th harmonic of a glioma's ragged edge


def random_tumour(kind: str, rng: np.random.Generator) -> Tumour:
    """Make up a tumour of a class; the same state of the generator gives the same tumour."""
    low, high = {"glioma": (0.26, 0.40), "meningioma": (0.20, 0.32), "pituitary": (0.10, 0.16)}.get(kind, (0.1, 0.2))
    side = rng.choice([-1.0, 1.0])
    return Tumour(
        kind=kind,
        angle=side * rng.uniform(0.9, 2.5),
        depth=rng.uniform(0.0, 1.0),
        size=rng.uniform(low, high),
        stretch=rng.uniform(0.85, 1.2),
        brightness=rng.uniform(0.80, 1.0),
        core=rng.uniform(0.45, 0.68),
        outline=np.column_stack([rng.uniform(0.03, 0.13, 5), rng.uniform(0.0, 2 * np.pi, 5)]),
    )


def draw_tumour(image: Field, tumour: Tumour, space: HeadSpace, growth: float) -> Field:
    """Draw a tumour into a slice and return the new image; the same one for ``"notumor"``.

    Parameters
    ----------
    growth : float
        Size in this slice as a fraction of the largest, 0 to 1.
    """
    draw = _DRAWERS.get(tumour.kind)
    return image if draw is None else draw(image, tumour, space, tumour.size * growth)


def _glioma(image: Field, tumour: Tumour, space: HeadSpace, size: float) -> Field:
    """Inside one hemisphere: a ragged bright rim around a dark core, in a dull, wide, blurred halo of oedema."""
    distance_out = 0.30 + 0.14 * tumour.depth
    centre = _centre(tumour.angle, distance_out)
    right, down = space.right - centre[0], space.down - centre[1]
    angle = np.arctan2(right, down)
    ragged = 1.0 + sum(s * np.cos(k * angle + p) for k, (s, p) in enumerate(tumour.outline, start=2))
    distance = ellipse(space, centre, (size, size * tumour.stretch), tumour.angle) * ragged
    brain = inside(space, space.radius, 0.83)
    halo = 0.55 * expit((1.35 - distance) * 6.0) * brain
    image = lay(image, halo, 0.26)
    image = lay(image, expit((1.0 - distance) * 9.0) * brain, tumour.brightness)
    return lay(image, expit((tumour.core - distance) * 12.0) * brain, 0.10)


def _meningioma(image: Field, tumour: Tumour, space: HeadSpace, size: float) -> Field:
    """On the inside of the skull: round, smooth, evenly bright, with a sharp edge and a tail along the dura."""
    centre = _centre(tumour.angle * 1.15, 0.84 - 0.72 * size)
    distance = ellipse(space, centre, (size, size * tumour.stretch), tumour.angle)
    below_skull = inside(space, space.radius, 0.88)
    along = np.hypot(space.right - 0.86 * np.sin(tumour.angle * 1.15), space.down - 0.86 * np.cos(tumour.angle * 1.15))
    tail = np.exp(-(((space.radius - 0.855) / 0.025) ** 2)) * expit((1.5 * size - along) * 14.0)
    image = lay(image, 0.8 * tail, tumour.brightness)
    image = lay(image, 0.5 * expit((1.15 - distance) * 14.0) * below_skull, 0.2)
    return lay(image, inside(space, distance * size, size) * below_skull, tumour.brightness)


def _pituitary(image: Field, tumour: Tumour, space: HeadSpace, size: float) -> Field:
    """Low in the middle: a small bright bead in the dark hollow of the skull's base."""
    centre = (0.05 * (tumour.depth - 0.5), 0.50)
    hollow = ellipse(space, (0.0, 0.56), (0.30, 0.20))
    image = lay(image, 0.85 * expit((1.0 - hollow) * 9.0), 0.07)
    distance = ellipse(space, centre, (size, size * tumour.stretch))
    return lay(image, inside(space, distance * size, size), tumour.brightness)


def _centre(angle: float, distance: float) -> tuple[float, float]:
    return float(distance * np.sin(angle)), float(distance * np.cos(angle))


_DRAWERS: dict[str, Callable[[Field, Tumour, HeadSpace, float], Field]] = {
    "glioma": _glioma,
    "meningioma": _meningioma,
    "pituitary": _pituitary,
}
