import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

from common.labels import CLASSES
from common.metrics.confusion import FEW_CASES, count_confusion, figures, is_few


def test_summed_matrices_give_the_figures_of_the_pooled_predictions():
    random = np.random.default_rng(0)
    parts = [(random.integers(0, 4, n), random.integers(0, 4, n)) for n in (50, 7, 120)]
    true, predicted = (np.concatenate(values) for values in zip(*parts, strict=True))
    result = figures(np.sum([count_confusion(t, p) for t, p in parts], axis=0))
    precision, recall, f1, support = precision_recall_fscore_support(true, predicted, labels=range(4))
    assert result.accuracy == accuracy_score(true, predicted)
    np.testing.assert_allclose(result.macro_f1, f1_score(true, predicted, average="macro"), rtol=1e-12)
    for i, name in enumerate(CLASSES):
        got = result.per_class[name]
        np.testing.assert_allclose([got.precision, got.recall, got.f1], [precision[i], recall[i], f1[i]], rtol=1e-12)
        assert got.support == support[i]


def test_macro_means_leave_out_classes_without_cases():
    result = figures(np.array([[8, 2, 0, 0], [0, 5, 0, 5], [0, 0, 4, 0], [0, 0, 0, 0]]))
    assert result.macro_classes == ["glioma", "meningioma", "pituitary"]
    np.testing.assert_allclose(result.macro_recall, (0.8 + 0.5 + 1.0) / 3)
    assert result.per_class["notumor"].support == 0


def test_no_case_at_all_is_zero_not_an_error():
    assert figures(np.zeros((4, 4), dtype=np.int64)).accuracy == 0.0


@pytest.mark.parametrize(("cases", "few"), [(0, True), (19, True), (20, False), (None, False)])
def test_fewer_than_twenty_are_few(cases, few):
    assert FEW_CASES == 20
    assert is_few(cases) == few
