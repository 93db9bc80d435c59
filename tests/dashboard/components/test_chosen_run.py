from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from common.artifacts.listing.about import About, write_about
from tests.support.pages import open_page, said
from tests.support.run_files import write_run
from tests.support.weights import write_served_run

VIEWS = ("network", "training", "analytics", "privacy", "data", "logs")
GONE = "run-002 was deleted while you looked at it."


@pytest.fixture(autouse=True)
def output_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    monkeypatch.delenv("FL_COMPARE_DIRS", raising=False)
    for run_id in ("run-001", "run-002", "run-003"):
        write_run(tmp_path, run_id)
    return tmp_path


def delete(output_dir: Path, run_id: str) -> None:
    shutil.rmtree(output_dir / "artifacts" / run_id)


@pytest.mark.parametrize("view", VIEWS)
def test_a_run_that_is_deleted_while_open_is_said_and_no_other_shown(output_dir: Path, view: str) -> None:
    app = open_page(view, run="run-002")
    delete(output_dir, "run-002")
    for _ in range(2):  # it stays said
        app.run()
        assert not app.exception
        assert GONE in said(app).replace("\\", "")
        assert "Completed" not in said(app)
        assert len(app.title) == 1
    assert app.button(key="show_newest").label.replace("\\", "") == "Show run-003 · FedAvg"
    app.button(key="show_newest").click().run()
    assert app.selectbox(key="run").value == "run-003"
    assert "deleted" not in said(app)


def test_a_live_run_that_is_deleted_is_said_too(output_dir: Path) -> None:
    write_run(output_dir, "run-004", state="running", done=2, rounds=9)
    app = open_page("training")
    assert app.selectbox(key="run").value == "run-004"
    delete(output_dir, "run-004")
    app.run()
    assert "run-004 was deleted" in said(app).replace("\\", "")
    app.selectbox(key="run").set_value("run-001").run()
    assert "deleted" not in said(app)
    assert app.query_params["run"] == "run-001"


def test_a_run_that_comes_back_is_shown_again(output_dir: Path) -> None:
    app = open_page("analytics", run="run-002")
    delete(output_dir, "run-002")
    app.run()
    write_run(output_dir, "run-002")
    app.run()
    assert app.selectbox(key="run").value == "run-002"
    assert "deleted" not in said(app)


def test_the_last_run_deleted_is_said_above_the_empty_page(output_dir: Path) -> None:
    app = open_page("analytics", run="run-002")
    shutil.rmtree(output_dir / "artifacts")
    app.run()
    assert GONE in said(app).replace("\\", "")
    assert "There is no run in this folder yet" in said(app)


@pytest.mark.parametrize("view", ["predict", "models"])
def test_where_the_model_in_service_answers_no_other_run_is_named(output_dir: Path, view: str) -> None:
    write_served_run(output_dir)
    app = open_page(view)
    assert not app.sidebar.selectbox
    told = [element.value for element in app.sidebar.markdown]
    assert told == [r":material/deployed_code: run\-001 · FedAvg"]
    assert "run-003" not in "".join(told).replace("\\", "")


def test_the_choice_outlasts_a_page_without_the_picker() -> None:
    app = open_page("network", run="run-002")
    for view in ("models", "analytics"):
        app.switch_page(f"screens/{view}.py").run()
    assert app.selectbox(key="run").value == "run-002"


def test_archived_runs_are_not_offered_but_open_by_address(output_dir: Path) -> None:
    write_about(output_dir / "artifacts" / "run-003", About(archived=True))
    app = open_page("network")
    assert app.selectbox(key="run").value == "run-002"
    assert app.selectbox(key="run").options == ["run-002 · FedAvg", "run-001 · FedAvg"]
    assert open_page("network", run="run-003").selectbox(key="run").value == "run-003"


def test_a_page_says_what_its_run_is_called(output_dir: Path) -> None:
    assert "**run-002** · FedAvg · round 4 of 4" in said(open_page("training", run="run-002"))
    write_about(output_dir / "artifacts" / "run-002", About("The *good* one"))
    assert r"**run-002** · The \*good\* one · FedAvg · round 4 of 4" in said(open_page("training", run="run-002"))
