from __future__ import annotations

from pathlib import Path

import pytest

from common.artifacts.load import load_run, load_settings
from common.artifacts.schema import Run
from dashboard.data import comparison
from tests.support.run_files import write_run, write_version_one


@pytest.fixture
def runs(tmp_path: Path) -> dict[str, Run]:
    first = load_run(write_run(tmp_path, "run-001", done=4, best=0.9))
    second = load_run(write_run(tmp_path, "run-002", done=6, best=0.95, strategy="fedprox", state="running", rounds=9))
    old = load_run(write_version_one(tmp_path / "v1"))
    return {"run-001": first, "run-002": second, "v1:run-001": old}


def test_only_differing_settings_and_none_is_a_value(tmp_path: Path) -> None:
    settings = {"a": {"x": 1, "dp": None, "same": 2}, "b": {"x": 1, "dp": 8.0, "same": 2}, "c": {}}
    table = comparison.settings_table({k: settings[k] for k in "ab"}, only_differences=True)
    assert table.to_dict("list") == {"Setting": ["dp"], "a": ["none"], "b": ["8.0"]}
    with_old = comparison.settings_table(settings, only_differences=True)  # type: ignore[arg-type]
    assert with_old.to_dict("list") == {"Setting": ["dp"], "a": ["none"], "b": ["8.0"], "c": ["not recorded"]}
    assert len(comparison.settings_table({k: settings[k] for k in "ab"}, only_differences=False)) == 3


def test_a_split_that_was_not_recorded_is_doubted(runs: dict[str, Run]) -> None:
    assert comparison.split_doubts(runs) == ["v1:run-001"]


def test_nested_settings_get_dotted_names(tmp_path: Path) -> None:
    flat = comparison.flatten(load_settings(write_run(tmp_path, lr=3e-4))[0])
    assert (flat["train.lr"], flat["train.augment.flip"], flat["resume"]) == ("0.0003", "True", "none")


def test_the_csv_holds_every_figure_and_no_formula(tmp_path: Path) -> None:
    hospitals = {"=HYPERLINK(1)": (1.0, 2.0), "B": (1.0, 2.0)}
    run = load_run(write_run(tmp_path, done=2, hospitals=hospitals))
    table = comparison.long_table({"run-001": run})
    assert len(table) == 2 * 3
    text = comparison.csv(table).decode()
    assert "'=HYPERLINK(1)" in text
    assert ",=" not in text


def test_the_csv_says_which_run_it_was_with_which_seed_and_settings(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, done=2, seed=7))
    table = comparison.long_table({"run-001": run}, {"run-001": load_settings(run.folder)[0]}, {"run-001": "FedAvg"})
    assert set(table["name"]) == {"FedAvg"}
    assert set(table["seed"]) == {"7"}
    assert set(table["settings.train.lr"]) == {"0.001"}
    assert len(table[table["hospital"] == "all hospitals"]) == 2, "one row a round"
