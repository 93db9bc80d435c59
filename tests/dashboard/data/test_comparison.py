from __future__ import annotations

from pathlib import Path

import pytest

from common.artifacts.load import load_run, load_settings
from common.artifacts.schema import Run
from dashboard.data import comparison, rounds
from tests.support.run_files import write_run, write_version_one


@pytest.fixture
def runs(tmp_path: Path) -> dict[str, Run]:
    first = load_run(write_run(tmp_path, "run-001", done=4, best=0.9))
    second = load_run(write_run(tmp_path, "run-002", done=6, best=0.95, strategy="fedprox", state="running", rounds=9))
    old = load_run(write_version_one(tmp_path / "v1"))
    return {"run-001": first, "run-002": second, "v1:run-001": old}


def test_the_best_value_counts_not_the_last(runs: dict[str, Run]) -> None:
    table = comparison.summary(runs, rounds.ACCURACY, "run-001")
    assert list(table["At round"]) == [3, 5, 2]
    assert list(table["Rounds"]) == ["4/4", "6/9", "3/3"]
    best = [rounds.ACCURACY.best(run.rounds)[0] for run in runs.values()]  # type: ignore[index]
    assert list(table["Difference"]) == pytest.approx([(value - best[0]) * 100 for value in best])


def test_test_figures_stand_with_their_intervals(runs: dict[str, Run]) -> None:
    table = comparison.summary(runs, rounds.ACCURACY, None).set_index("Run")
    recorded = runs["run-001"].metrics
    low, high = recorded["intervals"]["test_accuracy"]
    assert table["Test accuracy"]["run-001"] == pytest.approx(100 * recorded["test_accuracy"])
    assert table["95 % interval"]["run-001"] == f"{100 * low:.1f}–{100 * high:.1f} %"
    assert table["95 % interval"]["v1:run-001"] == "59.2–78.9 %", "from its counts, as on every page"


def test_of_a_loss_the_lowest_is_best(runs: dict[str, Run]) -> None:
    table = comparison.summary(runs, rounds.LOSS, None)
    assert list(table["At round"]) == [3, 5, 2]
    assert table["Difference"].isna().all()


def test_a_measure_that_was_not_recorded_is_missing(runs: dict[str, Run]) -> None:
    table = comparison.summary(runs, rounds.MACRO_F1, "v1:run-001").set_index("Run")
    assert table["Best"].isna()["v1:run-001"]
    assert table["Difference"].isna().all()


def test_figures_are_written_with_their_units(runs: dict[str, Run]) -> None:
    table = comparison.summary(runs, rounds.ACCURACY, "run-002")
    texts = comparison.summary_texts(table, rounds.ACCURACY).set_index("Run").loc["run-001"]
    assert texts["Best"] == f"{table['Best'][0]:.1f} %"
    assert texts["To baseline"] == f"{table['Difference'][0]:.1f} pp"
    assert texts["In round"] == "3"
    tested, ends = table["Test accuracy"][0], table["95 % interval"][0].removesuffix(" %")
    assert texts["Test"] == f"{tested:.1f} % ({ends})"
    unrecorded = comparison.summary_texts(comparison.summary(runs, rounds.MACRO_F1, None), rounds.MACRO_F1).set_index(
        "Run"
    )
    assert list(unrecorded.loc["v1:run-001", ["Best", "In round", "To baseline", "Gap"]]) == ["–"] * 4
    assert unrecorded.loc["v1:run-001", "Test"].endswith("(59.2–78.9)"), "from its counts"
    losses = comparison.summary_texts(comparison.summary(runs, rounds.LOSS, "run-001"), rounds.LOSS)
    assert losses["To baseline"][0] == "+0.000"


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
