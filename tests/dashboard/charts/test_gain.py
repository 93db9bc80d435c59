from __future__ import annotations

from dashboard.charts import gain as charts
from dashboard.charts import theme
from dashboard.data.gains import figures as gain
from tests.support.studies import A, B, C, done, study

SHARED = {1: (90, 80, 70), 2: (91, 81, 85), 3: (90, 80, 99)}


def gains() -> gain.Gains:
    own = [done("local", seed, [80, 90, 85]) for seed in SHARED]
    found = gain.of_study(study([*own, *(done("fedavg", seed, right) for seed, right in SHARED.items())]))
    assert found is not None
    return found


def test_an_arrow_goes_from_the_own_model_to_the_shared_one() -> None:
    figure = charts.arrows(gains(), theme.LIGHT)
    names = sorted((A, B, C))
    arrows = {names[arrow.y]: (round(arrow.ax), round(arrow.x)) for arrow in figure.layout.annotations}
    assert arrows == {A: (80, 90), B: (90, 80), C: (85, 85)}


def test_what_is_not_decided_is_grey_and_thin() -> None:
    figure = charts.arrows(gains(), theme.LIGHT)
    names = sorted((A, B, C))
    drawn = {names[arrow.y]: (arrow.arrowcolor, arrow.arrowwidth) for arrow in figure.layout.annotations}
    assert drawn[A] == (theme.LIGHT.gain, 3)
    assert drawn[B] == (theme.LIGHT.loss, 3)
    assert drawn[C] == (theme.LIGHT.muted, 1.5)


def test_both_models_have_their_intervals_and_names_are_escaped() -> None:
    found = gain.of_study(
        study([done("local", 1, 80, hospitals=["<b>"]), done("fedavg", 1, 90, hospitals=["<b>"])], ["<b>"])
    )
    assert found is not None
    figure = charts.arrows(found, theme.DARK)
    assert "<b>" not in figure.layout.yaxis.ticktext[0].partition("<br>")[0]
    assert [trace.error_x.array[0] > 0 for trace in figure.data if trace.error_x.array is not None] == [True, True]
