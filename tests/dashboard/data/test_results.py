from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from common.artifacts.load import load_run
from common.artifacts.words import how_sure
from common.metrics import confusion
from common.metrics.intervals import f1_interval, wilson
from dashboard.charts import formats
from dashboard.data import results
from tests.support.run_files import HOSPITALS, meta, write_json, write_run, write_version_one

CONFUSION = [[30, 5, 1, 0], [4, 25, 0, 1], [2, 0, 17, 0], [0, 0, 0, 0]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written_run = write_run(tmp_path)
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    body["metrics"]["confusion_matrix"] = CONFUSION
    del body["metrics"]["intervals"]
    write_json(written_run / "model_meta.json", body)
    return written_run


def test_the_figures_equal_scikit_learns(folder: Path) -> None:
    result = results.overall_result(load_run(folder))
    assert result is not None
    true, said = (np.repeat(axis.ravel(), np.ravel(CONFUSION)) for axis in np.indices((4, 4)))
    options = {"labels": [0, 1, 2], "average": None, "zero_division": 0}
    for i in range(3):
        row = result.classes[i]
        assert row.recall.value == pytest.approx(recall_score(true, said, **options)[i])
        assert row.precision.value == pytest.approx(precision_score(true, said, **options)[i])
        assert row.f1.value == pytest.approx(f1_score(true, said, **options)[i])
        for share in (row.recall, row.precision, row.f1):
            assert share.interval is not None
            assert 0 <= share.interval[0] <= share.value <= share.interval[1] <= 1
    assert result.accuracy.value == pytest.approx(72 / 85)
    assert result.accuracy.interval == wilson(72, 85)
    assert result.n_test == 85


def test_a_class_without_a_case_has_no_figure_and_few_are_marked(folder: Path) -> None:
    result = results.overall_result(load_run(folder))
    assert result is not None
    pituitary, notumor = result.classes[2], result.classes[3]
    assert pituitary.few
    assert pituitary.support == confusion.FEW_CASES - 1
    assert (notumor.recall.value, notumor.f1.value) == (None, None)
    assert notumor.precision.value == 0.0  # it was named once, wrongly
    assert formats.share(notumor.recall) == "–"
    assert result.macro_f1.value == pytest.approx(np.mean([row.f1.value for row in result.classes[:3]]))
    assert formats.share(result.macro_f1) == f"{100 * result.macro_f1.value:.1f} %", "no bootstrap, no interval"


def test_the_wider_ends_of_wilson_and_bootstrap_are_shown(folder: Path) -> None:
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    body["metrics"]["confusion_matrix"] = CONFUSION
    body["metrics"]["intervals"]["bootstrap"] = {
        "groups": 17,
        "test_accuracy": [0.6, 0.85],
        "macro_f1": [0.55, 0.95],
        "per_class_recall": {"glioma": [0.5, 1.0]},
        "per_class_precision": {"glioma": [0.4, 0.9]},
        "per_class_f1": {"glioma": "?"},
    }
    write_json(folder / "model_meta.json", body)
    result = results.overall_result(load_run(folder))
    assert result is not None
    low, high = wilson(72, 85) or (0, 0)
    assert result.accuracy.interval == (0.6, max(high, 0.92))
    assert low > 0.6
    assert result.macro_f1.interval == (0.55, 0.95)
    assert result.classes[0].recall.interval == (0.5, 1.0)
    assert result.classes[0].precision.interval == (0.4, (wilson(30, 36) or (0, 0))[1])
    assert result.classes[0].f1.interval == f1_interval(30, 36, 36)
    assert result.sure == how_sure(body["metrics"]["intervals"])
    assert "bootstrap over 17 groups" in result.sure


def test_hospitals_alphabetically(folder: Path) -> None:
    found = results.hospital_results(load_run(folder))
    assert list(found) == sorted(HOSPITALS)
    assert formats.share(next(iter(found.values())).accuracy).endswith(")")


def test_version_1_has_no_hospital_figures(tmp_path: Path) -> None:
    run = load_run(write_version_one(tmp_path))
    assert results.hospital_results(run) == {}
    assert results.overall_result(run) is not None


def test_without_a_matrix_only_the_accuracy_has_an_interval(folder: Path) -> None:
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    del body["metrics"]["confusion_matrix"]
    write_json(folder / "model_meta.json", body)
    result = results.overall_result(load_run(folder))
    assert result is not None
    assert result.accuracy.interval == pytest.approx((0.86, 0.92))
    assert result.classes[0].recall.value == pytest.approx(0.88)
    assert formats.share(result.classes[0].recall) == "88.0 %"
    assert result.sure == results.NO_COUNTS


@pytest.mark.parametrize(
    "metrics", [{}, {"test_accuracy": "0.9"}, {"test_accuracy": 90}, {"confusion_matrix": [[0] * 4] * 4}]
)
def test_what_is_no_figure_is_none(folder: Path, metrics: dict[str, object]) -> None:
    write_json(folder / "model_meta.json", {"metrics": metrics})
    assert results.overall_result(load_run(folder)) is None
