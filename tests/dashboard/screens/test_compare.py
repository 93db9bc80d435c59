from __future__ import annotations

from pathlib import Path

import pytest

from common.artifacts.words import POOLED
from tests.support.pages import open_page, said, tables
from tests.support.run_files import write_run, write_version_one


@pytest.fixture(autouse=True)
def output_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_version_one(tmp_path / "v1")
    write_run(tmp_path, "run-001", done=4, best=0.85)
    write_run(tmp_path, "run-002", done=6, strategy="fedprox")
    write_run(tmp_path, "run-003", state="running", done=2, rounds=5)
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    monkeypatch.setenv("FL_COMPARE_DIRS", str(tmp_path / "v1"))
    return tmp_path


def test_the_selection_comes_from_the_address() -> None:
    app = open_page("compare", runs="run-002,v1:run-001", baseline="v1:run-001", measure="loss", round="2")
    assert not app.exception
    assert app.session_state["runs"] == ["run-002", "v1:run-001"]
    assert app.selectbox(key="baseline").value == "v1:run-001"
    assert app.selectbox(key="measure").value == "loss"
    assert app.slider(key="round").value == 2
    assert app.query_params["runs"] == "run-002,v1:run-001"


def test_what_the_address_asks_for_in_vain_is_said() -> None:
    app = open_page("compare", runs="run-001,run-999,/etc:run-001", baseline="run-777", measure="nonsense", round="-3")
    assert not app.exception
    assert r"run\-999, /etc\:run\-001 is not here" in said(app)
    assert app.session_state["runs"] == ["run-001"]
    assert app.selectbox(key="baseline").value == "run-001"


def test_a_pooled_run_is_called_so_beside_a_federation(output_dir: Path) -> None:
    write_run(output_dir, "run-004", strategy="pooled", pooled=True)
    assert POOLED in said(open_page("compare", runs="run-001,run-004")).replace("\\", "")
    assert "POOLED" not in said(open_page("compare", runs="run-001,run-002"))


def test_the_address_follows_the_choice() -> None:
    app = open_page("compare")
    app.session_state["runs"] = ["run-001", "run-002"]
    app.run()
    app.selectbox(key="measure").set_value("macro_f1").run()
    assert app.query_params["runs"] == "run-001,run-002"
    assert app.query_params["measure"] == "macro_f1"


def test_best_values_and_settings() -> None:
    app = open_page("compare", runs="run-001,run-002", baseline="run-001")
    shown = {next(iter(table.columns)): table for table in reversed(tables(app))}
    assert [text.split(",")[0].split(" in ")[1] for text in shown["Run"].iloc[:, 3]] == ["round 3", "round 5"]
    assert shown["Run"]["Test vs baseline"][0] == "baseline"
    assert set(shown["Setting"]["Setting"]) == {"rounds", "strategy.name"}
    app.toggle(key="only_differences").set_value(False).run()
    assert not app.exception


def test_the_round_is_in_the_address_while_it_is_looked_at() -> None:
    app = open_page("compare", runs="run-001,run-002")
    assert not app.slider
    assert "round" not in app.query_params
    app.session_state["details"] = "All runs at one round"
    app.run()
    app.slider(key="round").set_value(3).run()
    assert app.query_params["round"] == "3"
    assert list(tables(app)[-1].columns) == ["Run", "At round 3", "vs baseline"]
    app.session_state["details"] = "What was set differently"
    app.run()
    assert "round" not in app.query_params


@pytest.mark.parametrize("where", ["Each hospital apart", "Phantom Jaipur"])
@pytest.mark.parametrize("against", ["round", "bytes", "seconds"])
def test_runs_that_recorded_too_little_are_named(where: str, against: str) -> None:
    app = open_page("compare", runs="run-001,v1:run-001", where=where, against=against)
    assert not app.exception
    assert "Recorded too little for this chart: v1:run-001".replace(":run-001", "\\:run\\-001") in said(app)


def test_nothing_chosen_is_an_empty_state() -> None:
    app = open_page("compare")
    app.session_state["runs"] = []
    app.run()
    assert not app.exception
    assert "No run is chosen" in said(app)


def test_seeds_are_one_line_unless_the_address_says_otherwise(output_dir: Path) -> None:
    for number, seed in ((4, 7), (5, 8)):
        write_run(output_dir, f"run-{number:03d}", strategy="krum", best=0.8, seed=seed)
    address = {"runs": "run-001,run-004,run-005", "baseline": "run-005"}
    app = open_page("compare", **address)
    assert not app.exception
    assert [text.count("seeds") for text in tables(app)[0]["Run"]] == [0, 1]
    assert app.selectbox(key="baseline").value == "run-004", "the line that run-005 is part of"
    app.toggle(key="together").set_value(False).run()
    assert app.query_params["seeds"] == "apart"
    assert len(tables(app)[0]) == 3
    assert len(tables(open_page("compare", seeds="apart", **address))[0]) == 3


def test_the_page_begins_with_a_verdict() -> None:
    app = open_page("compare", runs="run-001,run-002", baseline="run-001")
    verdict = app.markdown[0].value.replace("\\", "")
    assert "**Decided.** FedProx · 6 rounds is better than FedAvg · 4 rounds by 5.0 points (+" in verdict


def test_one_hospital_has_its_own_test_and_no_gap() -> None:
    app = open_page("compare", runs="run-001,run-002", where="Phantom Kolkata")
    titles = list(tables(app)[0].columns)
    assert "Test accuracy, Phantom Kolkata" in titles
    assert not [title for title in titles if "Gap" in title or "all hospitals" in title]
    assert "At Phantom Kolkata" in app.markdown[0].value
