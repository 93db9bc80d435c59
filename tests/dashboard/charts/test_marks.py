from __future__ import annotations

from dataclasses import replace

from dashboard.charts import marks, theme

NAMES = [str(i) for i in range(30)]


def test_six_series_differ_in_colour_symbol_and_dash() -> None:
    for make in (marks.hospital_marks, marks.run_marks):
        style = list(make(NAMES[:6], theme.LIGHT).values())
        for cue in ("colour", "symbol", "dash"):
            assert len({getattr(mark, cue) for mark in style}) == 6


def test_thirty_series_differ_in_all_cues_together() -> None:
    for make in (marks.hospital_marks, marks.run_marks):
        assert len({*make(NAMES, theme.DARK).values()}) == 30


def test_a_run_never_looks_like_a_hospital() -> None:
    for colours in (theme.LIGHT, theme.DARK):
        runs, hospitals = (make(NAMES, colours).values() for make in (marks.run_marks, marks.hospital_marks))
        for cue in ("colour", "symbol"):
            assert not {getattr(mark, cue) for mark in runs} & {getattr(mark, cue) for mark in hospitals}


def test_a_hospital_looks_the_same_whichever_others_there_are() -> None:
    colours = replace(theme.LIGHT, slots={"A": 0, "B": 1, "C": 2})
    everybody = marks.hospital_marks(["A", "B", "C"], colours)
    assert marks.hospital_marks(["C"], colours)["C"] == everybody["C"]
    new = marks.hospital_marks(["C", "New", "Newer"], colours)
    assert new["C"] == everybody["C"]
    assert len({*new.values(), *everybody.values()}) == 5
