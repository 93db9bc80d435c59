from __future__ import annotations

from pathlib import Path

import pytest

from common.artifacts.load import load_run
from dashboard.charts import network, theme
from dashboard.data import facts
from tests.support.run_files import write_run


def test_the_class_mix_is_stacked_in_the_fixed_order(tmp_path: Path) -> None:
    figure = network.class_mix(load_run(write_run(tmp_path)).hospitals, theme.LIGHT)
    assert [bar.name for bar in figure.data] == ["Glioma", "Meningioma", "Pituitary", "No tumour"]
    assert figure.data[3].x == (110, 0, 0)
    assert figure.layout.yaxis.ticktext[figure.data[3].y[0]] == "Phantom Hyderabad"
    assert figure.layout.barmode == "stack"
    assert len({bar.marker.pattern.shape for bar in figure.data}) == 4


def test_accuracies_come_with_their_intervals(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path))
    figure = network.accuracy_intervals(facts.hospital_tests(run), facts.overall_test(run), theme.DARK)
    dot = figure.data[1]
    assert dot.x[0] == pytest.approx(88.0)
    assert dot.error_x.array[0] == pytest.approx(5.0)
    assert dot.error_x.arrayminus[0] == pytest.approx(6.0)
    assert len({trace.marker.symbol for trace in figure.data}) == 3
    assert figure.layout.annotations[0].text == "all hospitals 89.0 %"


def test_two_names_that_are_cut_alike_keep_a_row_each() -> None:
    tests = {f"A very long name of a hospital {number}": facts.TestFigures(0.5) for number in (1, 2)}
    figure = network.accuracy_intervals(tests, None, theme.LIGHT)
    assert [dot.y for dot in figure.data] == [(0,), (1,)]
    assert len(figure.layout.yaxis.ticktext) == 2


def test_an_interval_that_was_not_recorded_is_not_drawn() -> None:
    figure = network.accuracy_intervals({"A": facts.TestFigures(0.5)}, None, theme.LIGHT)
    assert figure.data[0].error_x.array[0] == 0
