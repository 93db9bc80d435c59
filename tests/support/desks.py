"""Slices on a reading desk, made up."""

from __future__ import annotations

import numpy as np
from PIL import Image

from common.labels import CLASSES
from dashboard.model import image_checks
from dashboard.model.desk import Case
from dashboard.model.familiarity import Familiarity
from dashboard.model.inference import Prediction
from tests.support.uploads import encoded, slice_levels


def a_case(
    number: int = 1,
    confidence: float = 0.861,
    likeliest: str = "glioma",
    *,
    strange: bool = False,
    picture: Image.Image | None = None,
    instance: int | None = None,
) -> Case:
    """A slice that the model judged like this; `strange`: its image is unlike anything trained on."""
    picture = picture or Image.fromarray(slice_levels()).convert("RGB")
    probabilities = np.full(4, (1 - confidence) / 3)
    probabilities[CLASSES.index(likeliest)] = confidence
    heat = np.zeros((7, 7), np.float32)
    heat[2, 4] = 1.0
    return Case(
        number=number,
        sha256=f"{number:02x}" * 32,
        frame=None,
        instance=instance,
        kind="PNG",
        size=picture.size,
        notes=("A note on (reading).",),
        checks=image_checks.check_image(picture, 96),
        picture=encoded(picture),
        thumb=encoded(picture.convert("L").resize((64, 64)), "JPEG"),
        prediction=Prediction(probabilities, heat, Familiarity(9.0, 4.0) if strange else None),
    )
