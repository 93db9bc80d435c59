from __future__ import annotations

from pathlib import Path

from common.artifacts.load import load_run
from common.artifacts.privacy.guarantee import RunPrivacy
from dashboard.data import rounds
from dashboard.data.compared import table
from dashboard.data.compared.differences import Evidence
from dashboard.data.compared.spent import spent
from tests.support.compared import single
from tests.support.run_files import private, write_run


def test_the_epsilon_of_a_run_is_that_of_the_hospital_that_spent_most(tmp_path: Path) -> None:
    entry = single(load_run(write_run(tmp_path, privacy=private())))
    assert (spent(entry, None), spent(entry, "Phantom Jaipur"), spent(entry, "elsewhere")) == ("7.9", "7.4", "–")


def test_a_column_stands_where_any_run_had_a_budget(tmp_path: Path) -> None:
    kinds = [private(), RunPrivacy("secagg"), None]
    entries = [single(load_run(write_run(tmp_path, f"run-00{i}", privacy=each))) for i, each in enumerate(kinds, 1)]
    found = table.rows(entries, rounds.ACCURACY, entries[0], None, Evidence())
    assert list(table.written(found, rounds.ACCURACY, entries[0], None).texts["Epsilon spent"]) == [
        "7.9",
        "no limit",
        "–",
    ]
    without = table.written(found[1:], rounds.ACCURACY, entries[1], None).texts
    assert "Epsilon spent" not in without
