import pytest

from common.study.statistics import ACCURACY
from dashboard.charts import study as charts
from dashboard.charts import theme
from dashboard.data import study_tables
from tests.support.studies import A, done, study, worth_it


@pytest.fixture(params=[theme.LIGHT, theme.DARK], ids=["light", "dark"])
def colours(request):
    return request.param


def test_each_strategy_has_a_colour_and_a_symbol_of_its_own(colours):
    figure = charts.strategies(study_tables.strategy_rows(worth_it(), ACCURACY), "Accuracy (%)", colours)
    assert [trace.name for trace in figure.data] == ["Local", "FedAvg", "Pooled"]
    assert len({trace.marker.color for trace in figure.data}) == 3
    assert len({trace.marker.symbol[0] for trace in figure.data}) == 3
    local = figure.data[0]
    assert local.x[0] == pytest.approx(81.0)
    assert local.error_x.array[0] == pytest.approx(2.484, abs=1e-3)
    dots = {dot for trace in figure.data for dot in zip(trace.x, trace.y, strict=True)}
    assert len(dots) == 12, "none on another"


def test_one_seed_is_hollow_and_has_no_interval(colours):
    rows = study_tables.strategy_rows(study([done("local", 1, 80), done("fedavg", 1, 90)]), ACCURACY)
    trace = charts.strategies(rows, "Accuracy (%)", colours).data[0]
    assert trace.marker.symbol[0].endswith("-open")
    assert trace.error_x.visible is False


def test_what_is_decided_is_filled_and_the_rest_hollow(colours):
    found = worth_it()
    clear = charts.differences(study_tables.difference_rows(found, "local", ACCURACY), "points", colours)
    assert [len(trace.x) for trace in clear.data] == [4, 0]
    vague = charts.differences(study_tables.difference_rows(found, "pooled", ACCURACY), "points", colours)
    assert [len(trace.x) for trace in vague.data] == [0, 4]
    assert vague.data[1].marker.symbol == "diamond-open"
    assert "no difference that three seeds can show" in vague.data[1].customdata[0][2]
    assert (clear.layout.xaxis.zeroline, clear.layout.xaxis.rangemode) == (True, "tozero")


def test_bars_stand_on_zero(colours):
    figure = charts.contributions(study_tables.brought_rows(worth_it(), ACCURACY), "points", colours)
    assert list(figure.data[0].x) == pytest.approx([6.0, 6.0, 6.0])
    assert set(figure.data[0].marker.pattern.shape) == {""}


def test_the_rule_of_the_site_is_a_cross(colours):
    figure = charts.strategies(study_tables.site_rows(worth_it(), "notumor", A), "Called No tumour (%)", colours)
    rule = figure.data[-1]
    assert (rule.name, set(rule.marker.symbol), list(rule.x)) == ("Site alone", {"x-thin"}, [100.0, 100.0, 0.0])


def test_names_are_text_and_two_that_are_cut_alike_stay_apart(colours):
    names = ("<script>alert(1)</script>", "A very long name of a hospital 1", "A very long name of a hospital 2")
    figure = charts.strategies(study_tables.strategy_rows(worth_it(names), ACCURACY), "Accuracy (%)", colours)
    assert "<script>" not in figure.to_json().replace("\\u003c", "<")
    assert len(figure.layout.yaxis.ticktext) == 4


def test_nothing_known_is_an_empty_figure(colours):
    assert not charts.strategies([], "Accuracy (%)", colours).data
    assert charts.contributions([], "points", colours).data[0].x == ()
