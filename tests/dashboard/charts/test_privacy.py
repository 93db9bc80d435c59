from __future__ import annotations

from pathlib import Path

from common.artifacts.load import load_run
from common.artifacts.privacy.guarantee import privacy_of
from dashboard.charts import as_table, privacy, theme
from tests.support.run_files import private, write_run


def test_each_hospital_has_a_line_below_the_budget_and_a_stop_is_marked(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, privacy=private(stopped=2)))
    figure = privacy.spent(run, privacy_of(run, {}), theme.LIGHT)
    names = [trace.name for trace in figure.data]
    assert names == ["Phantom Hyderabad", "Phantom Jaipur", "Phantom Kolkata", "Phantom Kolkata stopped", "Budget"]
    assert list(figure.data[0].x) == [1, 2, 3, 4]
    assert figure.data[0].y[-1] == 7.9
    assert set(figure.data[-1].y) == {8.0}
    assert len({trace.line.color for trace in figure.data[:3]}) == 3


def test_its_table_has_a_row_for_each_round(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, privacy=private()))
    table = as_table.table(privacy.spent(run, privacy_of(run, {}), theme.LIGHT))
    assert list(table["Round"]) == ["1", "2", "3", "4"]
    assert list(table.columns)[1:] == ["Phantom Hyderabad", "Phantom Jaipur", "Phantom Kolkata"]


def test_a_refuted_claim_has_another_colour() -> None:
    sound, refuted = privacy.claim(1.4, 8.0, theme.LIGHT), privacy.claim(9.0, 8.0, theme.LIGHT)
    assert sound.data[0].line.color != refuted.data[0].line.color == theme.LIGHT.loss
    assert list(as_table.table(sound).iloc[0]) == ["This run", "1.400", "8.000"]
