"""Heat over a slice."""

from __future__ import annotations

import numpy as np
from PIL import Image

from common.model import heatmap
from tests.support.uploads import slice_levels


def test_the_overlay_leaves_the_cold_alone() -> None:
    image = Image.fromarray(slice_levels()).convert("RGB")
    heat = np.zeros((4, 4), np.float32)
    assert (np.asarray(heatmap.overlay(image, heat, 1.0)) == np.asarray(image)).all()
    heat[0, 3] = 1.0
    warm = np.asarray(heatmap.overlay(image, heat, 0.8)).astype(int)
    assert (np.asarray(heatmap.overlay(image, heat, 0.0)) == np.asarray(image)).all()
    assert (warm[60:, :30] == np.asarray(image)[60:, :30]).all()
    assert np.abs(warm[:10, 86:] - np.asarray(image)[:10, 86:]).mean() > 40


def test_magma_grows_lighter_and_large_images_are_shrunk() -> None:
    light = heatmap.magma(np.linspace(0, 1, 50)[None]).astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light[0]) > 0).all()
    assert heatmap.fit(Image.new("RGB", (3000, 1500)), 600).size == (600, 300)
    assert heatmap.fit(Image.new("RGB", (300, 10)), 600).size == (300, 10)
