"""``history.csv``, read back with pandas."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from server.export.__main__ import main
from tests.support import study_files
from tests.support.run_files import BYTES, HOSPITALS, write_run
from tests.support.studies import done, study


def test_a_row_for_each_round_and_hospital_with_units_in_the_headings(tmp_path):
    write_run(tmp_path, "run-007", done=3)
    assert main(["run-007", "--to", "csv", "--output-dir", str(tmp_path)]) == 0
    table = pd.read_csv(tmp_path / "exports/run-007/history.csv")
    assert len(table) == 3 * (1 + len(HOSPITALS))
    assert set(table["hospital"]) == {"all hospitals", *HOSPITALS}
    assert {"train_loss (nats)", "seconds (s)", "bytes_up (bytes)", "val_accuracy (fraction)"} <= set(table)
    jaipur = table[table["hospital"] == "Phantom Jaipur"]
    assert list(jaipur["round"]) == [1, 2, 3]
    assert list(jaipur["bytes_up (bytes)"]) == [BYTES] * 3
    assert table["synthetic"].all()


def test_a_hospital_named_like_a_formula_is_none(tmp_path):
    write_run(tmp_path, "run-007", hospitals={"=cmd|' /C calc'!A0": (0.0, 0.0), '@SUM(A1), "x"': (1.0, 1.0)})
    out = tmp_path / "deep" / "table.csv"
    assert main(["run-007", "--to", "csv", "--out", str(out), "--output-dir", str(tmp_path)]) == 0
    found = set(pd.read_csv(out)["hospital"])
    assert found == {"all hospitals", "'=cmd|' /C calc'!A0", '\'@SUM(A1), "x"'}


def test_of_a_study_every_completed_cell_is_there_with_its_strategy_and_seed(tmp_path):
    write_run(tmp_path, "run-001", strategy="local", done=2)
    cells = [replace(done("local", 42, 80), run_id="run-001"), replace(done("fedavg", 42, 90), run_id="run-009")]
    study_files.save(tmp_path, study(cells))
    assert main(["study-001", "--to", "csv", "--output-dir", str(tmp_path)]) == 0
    table = pd.read_csv(tmp_path / "exports/study-001/history.csv")
    assert set(zip(table["run"], table["strategy"], table["seed"], strict=True)) == {("run-001", "local", 42)}
    assert len(table) == 2 * 4


def test_exporting_again_replaces_the_file(tmp_path):
    write_run(tmp_path, "run-007")
    for _ in range(2):
        assert main(["run-007", "--to", "csv", "--out", str(tmp_path), "--output-dir", str(tmp_path)]) == 0
    assert len(pd.read_csv(tmp_path / "history.csv")) == 16
