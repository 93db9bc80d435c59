from __future__ import annotations

from pathlib import Path

import pytest

from common.artifacts.load import load_run
from dashboard.charts import theme, training
from dashboard.data import rounds
from tests.support.run_files import STRANGE, write_run, write_version_one


def test_each_hospital_and_all_of_them_get_a_line(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, done=6, drop=2))
    figure = training.curves(run, rounds.ACCURACY, theme.LIGHT)
    lines = {trace.name: trace for trace in figure.data if trace.name}
    assert list(lines)[:4] == ["Phantom Hyderabad", "Phantom Jaipur", "Phantom Kolkata", "All hospitals"]
    assert lines["Phantom Kolkata"].y[1] is None  # the round that it missed is a gap
    assert lines["All hospitals"].y[0] == pytest.approx(run.rounds[0].val_accuracy * 100)  # type: ignore[operator]
    assert figure.layout.yaxis.title.text == "Validation accuracy (%)"
    assert figure.layout.xaxis.title.text == "Round"


def test_updates_have_a_line_for_each_hospital(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, done=4, drop=2, odd=3))
    cosines = {trace.name: trace.y for trace in training.update_cosines(run, theme.LIGHT).data}
    assert cosines["Phantom Jaipur"] == (0.5, 0.5, -0.25, 0.5)
    assert cosines["Phantom Kolkata"][1] is None
    lengths = training.update_lengths(run, theme.LIGHT)
    assert {trace.name: trace.y for trace in lengths.data}["Phantom Jaipur"][2] == pytest.approx(20 / 2.2)
    assert lengths.layout.yaxis.type == "log"


def test_the_best_round_is_ringed(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, done=6))
    for measure in (rounds.ACCURACY, rounds.LOSS):
        ring = training.curves(run, measure, theme.LIGHT).data[-1]
        assert ring.x == (5,)
        assert ring.name.endswith("round 5")


def test_version_one_has_one_line_and_no_macro_f1(tmp_path: Path) -> None:
    run = load_run(write_version_one(tmp_path))
    assert training.curves(run, rounds.LOSS, theme.LIGHT).data[0].name == "All hospitals"
    assert training.curves(run, rounds.MACRO_F1, theme.LIGHT).data[-1].y == (None, None, None)


def test_the_axis_reaches_the_last_planned_round(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, state="running", done=3, rounds=30))
    axis = training.curves(run, rounds.ACCURACY, theme.LIGHT).layout.xaxis
    assert axis.range == (0.5, 30.5)
    assert axis.dtick == 3


def test_replies_and_failures_are_told_apart_by_symbol(tmp_path: Path) -> None:
    figure = training.replies(load_run(write_run(tmp_path, done=4, drop=2)), theme.LIGHT)
    replied, failed = figure.data
    assert (replied.marker.symbol, len(replied.x)) == ("circle", 11)
    assert (failed.marker.symbol, failed.x, failed.y) == ("x", (2,), (2,))
    assert list(failed.customdata[0]) == ["Phantom Kolkata", "train: no answer within 60 s"]


def test_bytes_and_seconds_start_at_zero(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, done=2))
    traffic = training.traffic(run, theme.LIGHT)
    assert traffic.data[0].y == pytest.approx((134.4, 134.4))
    assert [bar.marker.pattern.shape for bar in traffic.data] == ["", "/"]
    assert training.seconds(run, theme.LIGHT).layout.yaxis.rangemode == "tozero"


def test_names_cannot_become_markup(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, done=2, hospitals=STRANGE))
    for figure in (training.curves(run, rounds.ACCURACY, theme.LIGHT), training.replies(run, theme.LIGHT)):
        assert "<script>" not in str(figure.to_dict())


def test_a_run_without_rounds_draws_nothing(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, state="running", done=0, rounds=3))
    figures = [training.curves(run, rounds.ACCURACY, theme.LIGHT), training.seconds(run, theme.LIGHT)]
    assert all(not any(trace.x for trace in figure.data) for figure in figures)
