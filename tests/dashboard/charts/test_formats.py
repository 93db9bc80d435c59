from __future__ import annotations

import pytest

from dashboard.charts import formats


def test_what_is_missing_is_a_dash_never_a_zero() -> None:
    writers = (
        formats.percent,
        formats.points,
        formats.loss,
        formats.whole,
        formats.size,
        formats.duration,
        formats.when,
    )
    assert {write(None) for write in writers} == {"–"}


def test_numbers_are_written_with_their_units() -> None:
    assert formats.percent(0.908) == "90.8 %"
    assert (formats.points(0.028), formats.points(-0.004)) == ("+2.8 pp", "-0.4 pp")
    assert formats.loss(0.5) == "0.500"
    assert formats.whole(19337) == "19,337"
    assert formats.interval((0.881, 0.92)) == "88.1–92.0 %"


@pytest.mark.parametrize(("value", "text"), [(12, "12 B"), (1500, "1.5 kB"), (268.7e6, "268.7 MB"), (4.57e9, "4.6 GB")])
def test_sizes_are_decimal(value: float, text: str) -> None:
    assert formats.size(value) == text


@pytest.mark.parametrize(("value", "text"), [(4.21, "4.2 s"), (106, "106 s"), (1320, "22 min"), (11100, "3 h 05 min")])
def test_durations(value: float, text: str) -> None:
    assert formats.duration(value) == text


def test_times_that_are_none_are_dashes() -> None:
    assert formats.when("yesterday") == "–"
    assert formats.when("2026-02-19T17:29:16.479231").startswith("2026-02-19 17:29")
