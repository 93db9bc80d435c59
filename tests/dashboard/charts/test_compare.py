from __future__ import annotations

from dashboard.charts import compare, theme
from dashboard.data import rounds
from dashboard.data.compared.curves import Line

LINES = [
    Line("run-001", "FedAvg", "completed", (1.0, 2.0), (0.5, 0.6)),
    Line("v1:run-001", "<b>v1:run-001", "unrecorded", (1.0,), (0.7,)),
    Line("run-002", "FedProx", "running", (1.0, 2.0, 3.0), (0.4, 0.5, 0.55)),
]
KEYS = tuple(line.key for line in LINES)


def style(measure: rounds.Measure, against: str, baseline: str | None) -> compare.Style:
    return compare.Style(measure, against, theme.LIGHT, KEYS, baseline)


def test_the_baseline_is_heavy_and_the_unfinished_say_so() -> None:
    figure = compare.curves(LINES, style(rounds.ACCURACY, "round", "run-001"))
    assert [trace.name for trace in figure.data] == ["FedAvg (baseline)", "&lt;b&gt;v1:run-001", "FedProx (running)"]
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


def test_several_seeds_are_a_line_in_a_band() -> None:
    line = Line("run-003", "Krum · 3 seeds", "completed", (1.0, 2.0), (0.5, 0.6), (0.4, 0.5), (0.6, 0.7))
    shared = compare.Style(rounds.ACCURACY, "round", theme.LIGHT, ("run-003",), None)
    for figure in (compare.curves([line], shared), compare.small_charts({"A": [line]}, shared)):
        band, drawn = figure.data
        assert band.y == (60.0, 70.0, 50.0, 40.0)
        assert (band.mode, band.showlegend, band.legendgroup) == ("lines", False, drawn.legendgroup)
        assert drawn.y == (50.0, 60.0)
        assert "seeds" in drawn.hovertemplate


def test_the_axis_of_rounds_has_whole_numbers_alone() -> None:
    figure = compare.curves(LINES, style(rounds.ACCURACY, "round", None))
    assert (figure.layout.xaxis.dtick, figure.layout.xaxis.range) == (1, (0.5, 3.5))
    grid = compare.small_charts({"A": LINES, "B": LINES}, style(rounds.ACCURACY, "round", None))
    assert grid.layout.xaxis2.dtick == 1
    assert grid.layout.xaxis2.range is None, "Plotly would draw no line"
    assert compare.curves(LINES, style(rounds.ACCURACY, "seconds", None)).layout.xaxis.dtick is None
