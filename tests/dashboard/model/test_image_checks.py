from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from dashboard.model import image_checks
from tests.support.uploads import slice_levels


def failed(image: Image.Image, image_size: int = 96) -> list[str]:
    checks = image_checks.check_image(image, image_size)
    assert [check.name for check in checks] == ["Size", "Brightness", "Contrast", "Aspect", "Colour"]
    assert all(bool(check.sentence) is not check.passed for check in checks)
    return [check.name for check in checks if not check.passed]


def rgb(levels: np.ndarray) -> Image.Image:
    return Image.fromarray(levels).convert("RGB")


def test_a_slice_passes() -> None:
    assert failed(rgb(slice_levels())) == []


@pytest.mark.parametrize(
    ("image", "names"),
    [
        (rgb(slice_levels(40)), ["Size"]),
        (Image.new("RGB", (96, 96), "black"), ["Brightness", "Contrast"]),
        (Image.new("RGB", (96, 96), "white"), ["Brightness", "Contrast"]),
        (rgb(255 - slice_levels()), ["Brightness"]),
        (rgb(slice_levels(300)[:100]), ["Aspect"]),
        (Image.merge("RGB", [Image.fromarray(slice_levels()), *[Image.new("L", (96, 96))] * 2]), ["Colour"]),
    ],
    ids=["small", "black", "white", "inverted", "strip", "red"],
)
def test_what_is_unlike_a_slice_is_said(image: Image.Image, names: list[str]) -> None:
    assert failed(image) == names


def test_a_very_large_image_is_looked_at_small() -> None:
    assert failed(rgb(slice_levels()).resize((4000, 3900))) == []
