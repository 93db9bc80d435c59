from __future__ import annotations

import pytest

from common.artifacts.tested.likeness import Alike
from dashboard.charts import as_table, theme
from dashboard.charts.likeness import by_likeness

RANGES = [
    Alike(None, 0.9, 40, 0.75, (0.6, 0.86), 12),
    Alike(0.9, 0.96, 60, 0.9, (0.8, 0.95), 20),
    Alike(0.96, None, 0, None, None, 0),
]


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_each_range_has_its_share_with_an_interval_and_its_slices(colours: theme.Palette) -> None:
    figure = by_likeness(RANGES, 0.84, colours)
    bars, curve, _ = figure.data
    assert list(bars.y) == [40, 60, 0]
    assert list(curve.y) == pytest.approx([75.0, 90.0]), "nothing is drawn of no slices"
    assert list(curve.error_y.arrayminus) == pytest.approx([15.0, 10.0])
    assert list(figure.layout.xaxis.ticktext) == ["below 0.90", "0.90 to 0.96", "0.96 or more"]


def test_its_table_says_the_same() -> None:
    table = as_table.table(by_likeness(RANGES, 0.84, theme.LIGHT)).set_index("Likeness to the nearest training slice")
    assert table.loc["below 0.90"].tolist() == ["40", "75.0 (60.0 to 86.0)"]
    assert table.loc["0.96 or more"].tolist() == ["0", "–"]
