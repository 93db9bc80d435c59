from __future__ import annotations

import json

import numpy as np
import pytest

from common.metrics.calibration import Bin, add_bins, bin_confidences, expected_calibration_error, from_json, to_json


def test_bins_hold_every_case_once() -> None:
    confidence = np.array([0.0, 0.05, 0.1, 0.10001, 0.95, 1.0])
    bins = bin_confidences(confidence, np.array([True, False, True, True, False, True]))
    assert [part.count for part in bins] == [3, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert [part.correct for part in bins] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert sum(part.confidence_sum for part in bins) == pytest.approx(confidence.sum())


def test_the_error_by_hand() -> None:
    bins = [Bin(0.5, 0.6, 10, 5.5, 5), Bin(0.9, 1.0, 30, 29.0, 24)]
    assert bins[1].confidence == pytest.approx(29 / 30)
    assert bins[1].accuracy == pytest.approx(0.8)
    assert expected_calibration_error(bins) == pytest.approx(10 / 40 * 0.05 + 30 / 40 * (29 / 30 - 0.8))
    assert expected_calibration_error([]) is None


def test_hospitals_add_up_to_the_pooled_predictions() -> None:
    random = np.random.default_rng(0)
    confidence, correct = random.random(200), random.random(200) < 0.7
    parts = [bin_confidences(confidence[part], correct[part]) for part in (slice(0, 70), slice(70, 200))]
    added, pooled = add_bins(parts), bin_confidences(confidence, correct)
    assert [(part.count, part.correct) for part in added] == [(part.count, part.correct) for part in pooled]
    assert expected_calibration_error(added) == pytest.approx(expected_calibration_error(pooled))
    with pytest.raises(ValueError):
        add_bins([parts[0], bin_confidences(confidence, correct, bins=5)])
    with pytest.raises(ValueError):
        add_bins([[Bin(0.0, 0.5, 1, 0.1, 1)], [Bin(0.5, 1.0, 1, 0.6, 1)]])


def test_there_and_back_through_json() -> None:
    bins = bin_confidences(np.array([0.3, 0.99]), np.array([False, True]))
    recorded = json.loads(json.dumps(to_json(bins)))
    assert from_json(recorded) == bins
    assert recorded["ece"] == pytest.approx((0.3 + 0.01) / 2)


@pytest.mark.parametrize("recorded", [None, {}, [], {"bins": None}, {"bins": [None, {}, {"lower": "x"}]}, {"bins": 3}])
def test_what_is_not_recorded_or_damaged_is_left_out(recorded: object) -> None:
    assert from_json(recorded) == []


def test_impossible_bins_are_left_out() -> None:
    sound = {"lower": 0.5, "upper": 0.6, "count": 2, "confidence_sum": 1.1, "correct": 1}
    broken = [{**sound, "correct": 3}, {**sound, "count": -1}, {**sound, "confidence_sum": 9}, {**sound, "upper": 0.5}]
    assert len(from_json({"bins": [sound, *broken]})) == 1
