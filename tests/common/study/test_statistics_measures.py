import numpy as np
import pytest

from common.study.statistics import MEASURES

CONFUSION = np.array([[8, 2, 0, 0], [1, 4, 0, 0], [0, 0, 0, 0], [0, 5, 0, 5]])


def test_every_measure_by_hand():
    found = {measure.key: measure.of(CONFUSION) for measure in MEASURES}
    assert found["accuracy"] == pytest.approx(17 / 25)
    f1 = [2 * 8 / (2 * 8 + 1 + 2), 2 * 4 / (2 * 4 + 7 + 1), 2 * 5 / (2 * 5 + 0 + 5)]
    assert found["macro_f1"] == pytest.approx(sum(f1) / 3), "a class without cases is left out"
    assert [found[f"recall_{name}"] for name in ("glioma", "meningioma", "notumor")] == [0.8, 0.8, 0.5]
    assert found["recall_pituitary"] is None


def test_nothing_tested_is_no_zero():
    assert all(measure.of(np.zeros((4, 4), dtype=np.int64)) is None for measure in MEASURES)
