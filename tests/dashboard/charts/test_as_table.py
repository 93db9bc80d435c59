from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from dashboard.charts import as_table, theme


def rows(figure: go.Figure) -> list[list[str]]:
    table = as_table.table(figure)
    return [list(table.columns), *table.to_numpy().tolist()]


def test_lines_are_a_column_each_and_what_guides_the_eye_is_left_out() -> None:
    figure = theme.base_figure("Round", "Accuracy (%)", theme.LIGHT)
    figure.add_scatter(x=[1, 2], y=[50.0, None], name="A &amp; B")
    figure.add_scatter(x=[1, 3], y=np.array([61.25, 1234.5]), name="C")
    figure.add_scatter(x=[1, 3], y=[0, 100], name="band", hoverinfo="skip")
    assert rows(figure) == [["Round", "A & B", "C"], ["1", "50.0", "61.2"], ["2", "–", "–"], ["3", "–", "1,234"]]


def test_named_rows_come_with_their_intervals() -> None:
    figure = theme.base_figure("Test accuracy (%)", "", theme.LIGHT, names=["Jaipur<br>71 slices", "Kolkata"])
    ends = {"type": "data", "symmetric": False, "array": [4.0, 0.0], "arrayminus": [15.5, 0.0], "visible": True}
    figure.add_scatter(x=[93.0, 88.5], y=[0.1, 1.1], error_x=ends)
    found = [["Of", "Test accuracy (%)"], ["Jaipur 71 slices", "93.0 (77.5 to 97.0)"], ["Kolkata", "88.5"]]
    assert rows(figure) == found


def test_a_heat_map_is_the_table_that_it_shows() -> None:
    figure = theme.base_figure("Predicted", "True class", theme.LIGHT, names=["Glioma", "None"])
    theme.add_shares(
        figure, theme.LIGHT, z=[[1.0, 0.0], [0.5, 0.5]], x=["Glioma", "None"], y=[0, 1], text=[["9<br>100 %", "–"]] * 2
    )
    assert rows(figure) == [["True class", "Glioma", "None"], ["Glioma", "9 100 %", "–"], ["None", "9 100 %", "–"]]


def test_lying_bars_are_read_by_what_they_stand_beside() -> None:
    figure = theme.base_figure("Slices", "", theme.LIGHT, names=["Jaipur", "Kolkata"])
    figure.add_bar(x=[12, 1500], y=[0, 1], name="Glioma", orientation="h")
    assert rows(figure) == [["Of", "Glioma"], ["Jaipur", "12"], ["Kolkata", "1,500"]]
