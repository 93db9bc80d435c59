from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from common.artifacts.load import load_run
from common.metrics.calibration import Bin
from dashboard.charts import analytics, formats, theme
from dashboard.data import results
from tests.support.run_files import write_run

THEMES = pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])


@THEMES
def test_intervals_stand_around_their_figures(tmp_path: Path, colours: theme.Palette) -> None:
    result = results.overall_result(load_run(write_run(tmp_path)))
    assert result is not None
    figure = analytics.class_intervals(result.classes, colours)
    recall, precision = figure.data
    assert (recall.name, precision.name) == ("Recall", "Precision")
    assert recall.x[0] == pytest.approx(90.0)
    assert (recall.error_x.arrayminus[0], recall.error_x.array[0]) == pytest.approx((8.0, 5.0))  # as recorded
    assert precision.error_x.arrayminus[0] == pytest.approx(90.0 - 69.9, abs=0.05)  # Wilson's: none is recorded
    assert precision.error_x.array[0] == pytest.approx(97.2 - 90.0, abs=0.05)
    assert recall.marker.symbol[0] != precision.marker.symbol[0]  # a second cue
    assert figure.layout.xaxis.title.text == "Share (%)"


def test_few_cases_are_hollow_and_missing_ones_absent() -> None:
    few = results.ClassResult(
        "glioma", 5, formats.Share(0.5, (0.2, 0.8)), formats.Share(0.6, (0.2, 0.9)), formats.Share()
    )
    none = results.ClassResult("notumor", 0, formats.Share(), formats.Share(), formats.Share())
    recall = analytics.class_intervals([few, none], theme.LIGHT).data[0]
    assert list(recall.marker.symbol) == ["circle-open"]
    assert list(recall.x) == [60.0]


@THEMES
def test_the_confusion_matrix_shows_counts_and_row_shares(colours: theme.Palette) -> None:
    confusion = np.array([[8, 2, 0, 0], [0, 1200, 0, 0], [1, 1, 2, 0], [0, 0, 0, 0]], dtype=np.int64)
    figure = analytics.confusion_matrix(confusion, colours)
    heat = figure.data[0]
    assert heat.text[0][0] == "8<br>80 %"
    assert heat.text[1][1] == "1,200<br>100 %"
    assert heat.text[3][3] == "–"
    assert heat.z[2][2] == pytest.approx(0.5)
    assert np.isfinite(np.array(heat.z, dtype=float)).all()
    assert figure.layout.yaxis.ticktext[heat.y[3]] == "No tumour<br>0"


def test_reliability_leaves_empty_bins_out_and_sizes_by_area() -> None:
    bins = [Bin(0.5, 0.6, 0, 0.0, 0), Bin(0.6, 0.7, 100, 65.0, 60), Bin(0.9, 1.0, 400, 380.0, 370)]
    honest, model = analytics.reliability(bins, theme.LIGHT).data
    assert (list(model.x), list(model.y)) == ([65.0, 95.0], [60.0, 92.5])
    small, large = (size - 8 for size in model.marker.size)
    assert (large / small) ** 2 == pytest.approx(4.0)
    assert honest.line.dash == "dot"
    assert analytics.reliability([], theme.LIGHT).data  # an empty curve is still a figure


@THEMES
def test_probability_bars_start_at_zero_and_carry_a_pattern(colours: theme.Palette) -> None:
    figure = analytics.probability_bars(np.array([0.7, 0.2, 0.06, 0.04]), 0.65, colours)
    bars, values = figure.data
    assert [figure.layout.yaxis.ticktext[y] for y in bars.y] == ["Glioma", "Meningioma", "Pituitary", "No tumour"]
    assert values.text[0] == "70.0 %"
    assert min(values.x) > 100, "no threshold and no bar can lie over a figure"
    assert bars.text is None
    assert figure.layout.xaxis.range[0] == 0
    assert len(set(bars.marker.pattern.shape)) == 4
    assert "named from 65 %" in figure.layout.annotations[0].text


def test_the_calibrated_line_stands_beside_the_stated_one() -> None:
    stated, calibrated = [Bin(0.9, 1.0, 10, 9.5, 7)], [Bin(0.7, 0.8, 10, 7.2, 7)]
    _, before, after = analytics.reliability(stated, theme.LIGHT, calibrated).data
    assert (before.name, list(before.x), list(before.y)) == ("as stated", [95.0], [70.0])
    assert (after.name, list(after.x), list(after.y)) == ("with the temperature", [72.0], [70.0])
