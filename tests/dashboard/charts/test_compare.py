from __future__ import annotations

from dashboard.charts import compare, theme
from dashboard.data import comparison, rounds

LINES = [
    comparison.Line("run-001", "completed", (1.0, 2.0), (0.5, 0.6)),
    comparison.Line("<b>v1:run-001", "unrecorded", (1.0,), (0.7,)),
    comparison.Line("run-002", "running", (1.0, 2.0, 3.0), (0.4, 0.5, 0.55)),
]
KEYS = tuple(line.key for line in LINES)


def style(measure: rounds.Measure, against: str, baseline: str | None) -> compare.Style:
    return compare.Style(measure, against, theme.LIGHT, KEYS, baseline)


def test_the_baseline_is_heavy_and_the_unfinished_say_so() -> None:
    figure = compare.curves(LINES, style(rounds.ACCURACY, "round", "run-001"))
    assert [trace.name for trace in figure.data] == ["run-001 (baseline)", "&lt;b&gt;v1:run-001", "run-002 (running)"]
    widths = [trace.line.width for trace in figure.data]
    assert widths[0] > max(widths[1:])
    assert figure.data[0].y == (50.0, 60.0)
    assert len({trace.marker.symbol for trace in figure.data}) == 3


def test_the_axes_say_what_and_in_which_unit() -> None:
    figure = compare.curves(LINES, style(rounds.LOSS, "bytes", None))
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("Traffic (MB)", "Validation loss")
    assert figure.data[0].y == (0.5, 0.6)


def test_a_small_chart_per_hospital_with_one_legend() -> None:
    places = {"A": LINES, "B": LINES[:2], "<i>C": LINES[2:]}
    figure = compare.small_charts(places, style(rounds.ACCURACY, "seconds", "run-001"))
    assert [note.text for note in figure.layout.annotations] == ["A", "B", "&lt;i&gt;C"]
    assert sum(bool(trace.showlegend) for trace in figure.data) == 3
    assert len(figure.data) == 6
    right, left_below = figure.layout.xaxis2, figure.layout.xaxis3  # nothing is below either
    assert [axis.title.text for axis in (right, left_below)] == ["Time (s)"] * 2
    assert right.showticklabels
    assert figure.layout.xaxis.title.text is None


def test_a_picture_has_a_background() -> None:
    figure = compare.curves(LINES, style(rounds.ACCURACY, "round", None))
    assert figure.layout.paper_bgcolor == theme.LIGHT.surface
