from __future__ import annotations

import math

import numpy as np
import pytest

from common.metrics.intervals import accuracy_interval, f1_interval, wider, wilson


def test_a_value_worked_out_by_hand() -> None:
    # p = 0.9, n = 10, z = 1.959964: centre (p + z²/2n) / (1 + z²/n), half z·sqrt(p(1-p)/n + z²/4n²) / (1 + z²/n)
    z = 1.959963984540054
    centre = (0.9 + z * z / 20) / (1 + z * z / 10)
    half = z * math.sqrt(0.9 * 0.1 / 10 + z * z / 400) / (1 + z * z / 10)
    assert wilson(9, 10) == pytest.approx((centre - half, centre + half), abs=1e-12)


def test_it_stays_between_0_and_1_and_holds_the_share() -> None:
    for total in (1, 2, 19, 2900):
        for hits in {0, 1, total // 2, total}:
            low, high = wilson(hits, total) or (2.0, -1.0)
            assert 0.0 <= low <= hits / total <= high <= 1.0


def test_no_case_is_no_interval() -> None:
    assert wilson(0, 0) is None


@pytest.mark.parametrize(("hits", "total"), [(3, 2), (-1, 2), (1, 0)])
def test_impossible_counts_are_refused(hits: int, total: int) -> None:
    with pytest.raises(ValueError):
        wilson(hits, total)


def test_f1_by_its_jaccard_index() -> None:
    low, high = wilson(6, 12) or (0.0, 0.0)  # 6 true positives, 10 cases, 8 named so
    assert f1_interval(6, 10, 8) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))
    assert f1_interval(0, 0, 5) is None


def test_the_wider_ends_of_several() -> None:
    assert wider((0.2, 0.5), (0.3, 0.7), None) == (0.2, 0.7)
    assert wider(None, None) is None


def test_accuracy_of_a_confusion_matrix() -> None:
    assert accuracy_interval(np.diag([3, 2, 1, 0])) == list(wilson(6, 6) or ())
    assert accuracy_interval(np.zeros((4, 4), np.int64)) is None
