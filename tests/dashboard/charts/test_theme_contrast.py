"""Contrast and distances of the colours of both themes, for normal, protan, deutan and tritan vision (Machado 2009)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
import pytest

from dashboard.charts import theme

Values = npt.NDArray[np.float64]
VISION: dict[str, Values] = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
THEMES = pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])


def linear(colour: str) -> Values:
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, vision: str) -> Values:
    """CIE L*a*b* of a colour as somebody with this vision sees it."""
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    seen = np.clip(VISION[vision] @ linear(colour), 0, 1)
    scaled = np.array(to_xyz) @ seen / [0.95047, 1, 1.08883]
    x, y, z = np.where(scaled > 0.008856, np.cbrt(scaled), 7.787 * scaled + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def nearest(pairs: Sequence[tuple[str, str]], vision: str) -> float:
    return min(float(np.linalg.norm(lab(one, vision) - lab(other, vision))) for one, other in pairs)


def test_the_measure_is_the_one_of_the_design() -> None:
    first = list(combinations(theme.LIGHT.hospitals[:3], 2))
    assert [round(nearest(first, vision)) for vision in VISION] == [61, 48, 46, 21]


@THEMES
def test_graphics_stand_out_from_the_card_and_words_more(colours: theme.Palette) -> None:
    for colour in (*colours.hospitals, *colours.runs, *colours.figures, *colours.classes):
        assert contrast(colour, colours.surface) >= 3.0, colour
    for colour in (colours.gain, colours.loss):
        assert contrast(colour, colours.surface) >= 4.5, colour
    for ground in (colours.surface, colours.land, colours.heat):  # of a heat map, whose cells lie between these two
        assert contrast(colours.text, ground) >= 4.5, ground
    assert contrast(colours.muted, colours.surface) >= 4.5


@THEMES
@pytest.mark.parametrize("vision", VISION)
def test_colours_of_one_scale_are_told_apart(colours: theme.Palette, vision: str) -> None:
    for scale in (colours.hospitals, colours.runs, colours.figures):
        assert nearest(list(combinations(scale, 2)), vision) >= 14, scale


@THEMES
@pytest.mark.parametrize("vision", VISION)
def test_no_colour_of_a_run_is_near_that_of_a_hospital(colours: theme.Palette, vision: str) -> None:
    least = 20 if vision == "normal" else 12
    assert nearest(list(product(colours.runs, colours.hospitals)), vision) >= least
