from __future__ import annotations

import pytest

from dashboard.data import rounds
from dashboard.data.compared import curves
from tests.support.compared import made_run, seeds, single


def test_seeds_are_one_curve_of_the_rounds_that_all_have() -> None:
    entry = seeds("FedAvg", {1: made_run("run-001", values=(0.5, 0.7, 0.9)), 2: made_run("run-002", values=(0.7, 0.8))})
    line = curves.line(entry, rounds.ACCURACY)
    assert line is not None
    assert line.x == (1.0, 2.0)
    assert line.y == pytest.approx((0.6, 0.75))
    assert (line.low, line.high) == ((0.5, 0.7), (0.7, 0.8))
    assert line.title == "FedAvg · 2 seeds"


def test_a_run_alone_has_no_band() -> None:
    line = curves.line(single(made_run("run-001")), rounds.ACCURACY, "seconds", "B")
    assert line is not None
    assert (line.x, line.y) == ((10.0, 20.0, 30.0), pytest.approx((0.4, 0.6, 0.5)))
    assert line.low == line.high == ()


def test_what_was_not_recorded_is_not_drawn() -> None:
    entry = single(made_run("run-001"))
    assert curves.line(entry, rounds.ACCURACY, "bytes") is None
    assert curves.line(entry, rounds.MACRO_F1) is None
    assert curves.line(entry, rounds.ACCURACY, "round", "Z") is None
