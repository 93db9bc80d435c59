"""A temperature is applied only where it helps on the validation slices, by more than chance would."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from common.metrics.calibration import SURE, TemperatureChoice, best_temperature, choose_temperature
from common.training.evaluate import tally


def tried(logits: torch.Tensor, labels: torch.Tensor, hospitals: int = 3) -> TemperatureChoice:
    """Fit a temperature to scores, and try it, at several hospitals."""
    parts = list(zip(logits.tensor_split(hospitals), labels.tensor_split(hospitals), strict=True))
    fitted = best_temperature(sum(tally(*part).nll for part in parts))
    found = [tally(*part, temperature=fitted) for part in parts]
    return choose_temperature(
        fitted, [each.nll for each in found], [each.bins for each in found], [each.calibrated_bins for each in found]
    )


def scores(cases: int, sharpness: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores that state what they deserve where the sharpness is 1, and too much above it."""
    generator = torch.Generator().manual_seed(5)
    honest = 1.5 * torch.randn(cases, 4, generator=generator)
    return sharpness * honest, torch.multinomial(honest.softmax(1), 1, generator=generator)[:, 0]


def test_overconfidence_that_many_slices_show_is_taken_back():
    choice = tried(*scores(600, 3.0))
    assert choice.applied == pytest.approx(3.0, rel=0.15)
    assert choice.slices == 600
    assert choice.calibrated_error < choice.error / 2
    assert choice.gain > SURE
    assert choice.to_json()["applied"] is True


def test_honest_scores_are_left_as_they_are():
    choice = tried(*scores(600, 1.0))
    assert choice.fitted is not None
    assert choice.gain < SURE
    assert choice.applied is None
    assert choice.to_json()["applied"] is False


def test_a_handful_of_slices_cannot_show_it():
    assert tried(*scores(12, 1.2)).applied is None


def test_a_gain_that_raises_the_calibration_error_is_not_applied():
    assert TemperatureChoice(2.0, 100, 5.0, 0.10, 0.09).applied == 2.0
    assert TemperatureChoice(2.0, 100, 5.0, 0.10, 0.10).applied is None
    assert TemperatureChoice(2.0, 100, 1.0, 0.10, 0.01).applied is None
    assert TemperatureChoice(2.0).applied is None


def test_where_nobody_answered_nothing_is_applied():
    assert choose_temperature(2.0, [], [], []) == TemperatureChoice(2.0)
    empty = tally(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), 2.0)
    assert choose_temperature(2.0, [empty.nll], [empty.bins], [empty.calibrated_bins]).applied is None
    assert np.isfinite(TemperatureChoice(2.0, 1, 0.0, 0.0, 0.0).gain)
