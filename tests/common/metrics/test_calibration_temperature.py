"""One temperature from sums: what three hospitals' sums give is what their pooled predictions give."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from common.metrics.calibration import (
    GRID,
    add_bins,
    add_sums,
    best_temperature,
    bin_confidences,
    expected_calibration_error,
    in_range,
    is_at_edge,
)
from common.training.evaluate import nll_sums, tally


def overconfident(count: int = 300, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores three times as large as the labels deserve."""
    chance = np.random.default_rng(seed)
    honest = chance.normal(size=(count, 4)) * 1.5
    shares = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    labels = np.array([chance.choice(4, p=row) for row in shares])
    return torch.from_numpy(3 * honest), torch.from_numpy(labels)


def test_the_grid_is_even_in_the_logarithm_and_holds_1():
    assert (GRID[0], GRID[64], GRID[-1], len(GRID)) == (0.25, 1.0, 4.0, 129)
    np.testing.assert_allclose(np.diff(np.log(GRID)), np.log(2) / 32)


def test_a_sum_by_hand():
    logits = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
    sums = nll_sums(logits, torch.tensor([0]))
    assert sums[64] == pytest.approx(np.log(1 + 3 * np.exp(-2)))
    assert sums[-1] == pytest.approx(np.log(1 + 3 * np.exp(-0.5)))
    wrong = nll_sums(logits, torch.tensor([1]))
    assert wrong[64] == pytest.approx(2 + np.log(1 + 3 * np.exp(-2)))


def test_three_hospitals_sums_give_the_pooled_temperature_and_the_pooled_calibration():
    logits, labels = overconfident()
    parts = [slice(0, 40), slice(40, 220), slice(220, 300)]
    fitted = best_temperature(add_sums(nll_sums(logits[part], labels[part]) for part in parts))
    pooled = [log_loss(labels, (logits / heat).softmax(1).numpy(), labels=range(4)) for heat in GRID]
    assert fitted == GRID[int(np.argmin(pooled))]
    assert 2.5 < fitted < 3.6, "the scores were made three times too large"

    tests = [tally(logits[part], labels[part], fitted) for part in parts]
    confidence, predicted = (logits / fitted).softmax(1).max(1)
    expected = bin_confidences(confidence.numpy(), (predicted == labels).numpy())
    added = add_bins([test.calibrated_bins for test in tests])
    assert [(part.count, part.correct) for part in added] == [(part.count, part.correct) for part in expected]
    after, before = (expected_calibration_error(add_bins(bins)) for bins in zip(*_bins(tests), strict=True))
    assert after == pytest.approx(expected_calibration_error(expected), abs=1e-12)
    assert after < before / 2


def _bins(tests):
    return [(test.calibrated_bins, test.bins) for test in tests]


def test_no_case_is_no_temperature_and_of_equals_the_nearest_to_1():
    assert best_temperature(nll_sums(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))) is None
    flat = np.ones(len(GRID))
    assert best_temperature(flat) == 1.0
    flat[[0, 60]] = 0.5
    assert best_temperature(flat) == GRID[60]


def test_all_right_is_the_cold_end_and_said_so():
    fitted = best_temperature(nll_sums(5 * torch.eye(4), torch.arange(4)))
    assert fitted == 0.25
    assert is_at_edge(fitted)
    assert not is_at_edge(1.3)


@pytest.mark.parametrize(("value", "fits"), [(0.25, True), (4, True), (0.2, False), (float("nan"), False), (-1, False)])
def test_what_can_be_a_temperature(value, fits):
    assert in_range(value) == fits
