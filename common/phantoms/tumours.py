"""Draw a made-up tumour into a made-up head, each class by the habit that radiologists know it by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from common.phantoms.drawing import Field, HeadSpace, ellipse, inside, lay


@dataclass(frozen=True)
class Tumour:
    """One made-up tumour; lengths as fractions of the head's half width, brightness in 0..1.

    Attributes
    ----------
    kind : str
        A class name of ``common.labels.CLASSES``; ``"notumor"`` draws nothing.
    angle : float
        Direction from the middle of the head, radians, 0 is down.
    depth : float
        0 near the middle, 1 near the skull.
    size : float
        Radius where it is widest.
    stretch : float
        Length over breadth.
    brightness : float
        Of its brightest part.
    core : float
        Radius of a glioma's dead middle, as a fraction of the whole.
    outline : numpy.ndarray
        ``float64 [5, 2]``, strength and phase of the 2nd to 6th harmonic of a glioma's ragged edge.
    """

    kind: str
    angle: float
    depth: float
    size: float
    stretch: float
    brightness: float
    core: float
    outline: Field


def random_tumour(kind: str, rng: np.random.Generator) -> Tumour:
    """Make up a tumour.

    Parameters
    ----------
    kind : str
        A class name.
    rng : numpy.random.Generator
        The patient's own; the same state gives the same tumour.

    Returns
    -------
    Tumour
    """
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
    """Draw a tumour into a slice.

    Parameters
    ----------
    image : numpy.ndarray
        ``float64 [S, S]``, the head.
    tumour : Tumour
        What to draw.
    space : HeadSpace
        Where the pixels lie in the head.
    growth : float
        Size in this slice as a fraction of the largest, 0 to 1.

    Returns
    -------
    numpy.ndarray
        ``float64 [S, S]``, a new image; the same one for ``"notumor"``.
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
