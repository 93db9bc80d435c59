"""What is said of a temperature: what it does on test slices, or why there is none."""

from __future__ import annotations

from typing import Any

import pytest

from common.artifacts.words import calibration


def meta(temperature: Any = None, ece: Any = 0.127, after: Any = None, **choice: Any) -> dict[str, Any]:
    found = {"metrics": {"calibration": {"ece": ece, "calibrated_ece": after}}, "temperature": temperature}
    return found | ({"temperature_choice": choice} if choice else {})


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        (
            meta(0.74, 0.099, 0.054),
            "Dividing the scores by 0.74 brings stated confidence closer to the share correct: 5.4 instead of 9.9 "
            "points on test slices.",
        ),
        (
            meta(0.74, 0.127, 0.195),
            "Dividing the scores by 0.74 takes stated confidence further from the share correct: 19.5 instead of 12.7 "
            "points on test slices.",
        ),
        (
            meta(0.98, 0.1271, 0.1269),
            "Dividing the scores by 0.98 leaves stated confidence as far from the share correct: 12.7 points on test "
            "slices.",
        ),
        (
            meta(4.0, 0.127, 0.02),
            "Dividing the scores by 4.00 brings stated confidence closer to the share correct: 2.0 instead of 12.7 "
            "points on test slices. That is the end of its range: do not rely on it.",
        ),
        (
            meta(1.5),
            "Dividing the scores by 1.50 was chosen on validation slices; without it, confidence is off by 12.7 points "
            "on test slices.",
        ),
        (
            meta(fitted=0.74, slices=60, gain=3.0, error=0.05, calibrated_error=0.08),
            "Stated confidence differs from the share correct by 12.7 points on test slices. Dividing the scores by "
            "0.74 did not help on 60 validation slices and is not applied.",
        ),
        (
            meta(fitted=0.74, slices=60, gain=0.4, error=0.05, calibrated_error=0.04),
            "Stated confidence differs from the share correct by 12.7 points on test slices. Dividing the scores by "
            "0.74 helped no more than chance may on 60 validation slices and is not applied.",
        ),
        (
            meta(fitted=None, slices=None),
            "Stated confidence differs from the share correct by 12.7 points on test slices. No temperature is "
            "applied.",
        ),
        (
            {"metrics": {"calibration": {"ece": 0.127}}},
            "Stated confidence differs from the share correct by 12.7 points on test slices. Whether a temperature is "
            "applied is not recorded.",
        ),
        (meta(1.5, None, 0.1), None),
        ({}, None),
        ({"metrics": 3, "temperature": "hot"}, None),
    ],
)
def test_the_sentence_says_what_happened(recorded, said):
    assert calibration(recorded) == said
