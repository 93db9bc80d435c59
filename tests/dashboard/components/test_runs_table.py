from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from common.artifacts.listing.about import About, read_about, write_about
from dashboard.components import runs_table
from tests.support.pages import listed_runs, open_page, said
from tests.support.run_files import write_run, write_version_one


@pytest.fixture(autouse=True)
def output_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    monkeypatch.setenv("FL_COMPARE_DIRS", str(tmp_path / "v1"))
    monkeypatch.delenv("FL_DASH_ALLOW_WRITE", raising=False)
    write_version_one(tmp_path / "v1")
    for number in range(1, 7):
        write_run(tmp_path, f"run-00{number}", strategy=("fedavg", "fedprox")[number % 2], best=0.6 + 0.05 * number)
    return tmp_path


def about(output_dir: Path, run_id: str, said: About) -> None:
    write_about(output_dir / "artifacts" / run_id, said)


def keys(app: AppTest) -> list[str]:
    assert not app.exception
    return [row["key"] for row in listed_runs(app)]


def test_the_newest_runs_are_compared_at_first_and_all_are_listed() -> None:
    app = open_page("compare")
    assert keys(app) == [*(f"run-00{number}" for number in (6, 5, 4, 3, 2, 1)), "v1:run-001"]
    assert app.session_state["runs"] == ["run-006", "run-005", "run-004", "run-003"]
    first = listed_runs(app)[0]
    assert (first["name"], first["best"], first["test"]) == ("FedAvg", "75.3 %", "89.0 % (86.0–92.0)")
    assert (first["seed"], first["rounds"], first["state"], first["spark"][-1]) == ("42", "4/4", "Completed", 0.6746)
    assert not app.sidebar.selectbox, "no run of its own"


def test_the_address_brings_the_table_as_it_was() -> None:
    app = open_page("compare", runs="run-002", find="fedavg", sort="-test", group="strategy", pinned="run-005")
    assert keys(app)[0] == "run-005"
    assert set(keys(app)) == {"run-005", "run-002", "run-004", "run-006"}
    for name, value in {"runs": "run-002", "find": "fedavg", "sort": "-test", "pinned": "run-005"}.items():
        assert app.query_params[name] == value


def test_archived_runs_are_hidden_unless_asked_for_but_stay_ticked_by_address(output_dir: Path) -> None:
    about(output_dir, "run-006", About(archived=True))
    app = open_page("compare")
    assert "run-006" not in keys(app)
    assert app.session_state["runs"][0] == "run-005"
    app.toggle(key="archived").set_value(True).run()
    assert "run-006" in keys(app)
    assert open_page("compare", runs="run-006").session_state["runs"] == ["run-006"]


def test_the_starred_run_is_the_baseline(output_dir: Path) -> None:
    about(output_dir, "run-004", About(star=True))
    assert open_page("compare").selectbox(key="baseline").value == "run-004"
    assert open_page("compare", baseline="run-005").selectbox(key="baseline").value == "run-005"


def test_runs_that_are_deleted_while_compared_are_said(output_dir: Path) -> None:
    app = open_page("compare", runs="run-001,run-002,run-003")
    for run_id in ("run-001", "run-003"):
        shutil.rmtree(output_dir / "artifacts" / run_id)
    for _ in range(2):
        app.run()
        assert "run-001 and run-003 were deleted while you looked at them." in said(app).replace("\\", "")
    assert app.session_state["runs"] == ["run-002"]


def told(app: AppTest, monkeypatch: pytest.MonkeyPatch, did: Any) -> AppTest:
    """Do something in the table, as its script tells it."""
    honest = runs_table._settle
    with monkeypatch.context() as patch:
        patch.setattr(runs_table, "_settle", lambda *known: (runs_table.take(did), honest(*known)))
        return app.run()


def test_ticks_pins_and_sorting_are_taken_over_and_kept_in_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("compare", runs="run-001")
    told(app, monkeypatch, {"ticked": ["run-001", "run-005"], "pinned": ["run-002"], "sort": "best"})
    assert app.session_state["runs"] == ["run-001", "run-005"]
    assert keys(app)[:2] == ["run-002", "run-006"]
    assert (app.query_params["runs"], app.query_params["pinned"]) == ("run-001,run-005", "run-002")


@pytest.mark.parametrize(
    "did",
    ["x", 7, [], {"ticked": "run-001"}, {"ticked": ["/etc", 3, None], "sort": "nothing", "page": "x", "about": []}],
)
def test_nonsense_from_a_browser_changes_nothing_and_breaks_nothing(did: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    app = told(open_page("compare"), monkeypatch, did)
    assert not app.exception
    assert keys(app)[0] == "run-006"


def test_what_is_said_of_a_run_is_shown_and_not_changed_without_leave(output_dir: Path) -> None:
    about(output_dir, "run-002", About("The *good* one", ("paper",), "<b>seen</b> twice", star=True))
    app = open_page("compare")
    app.session_state["about"] = "run-002"
    app.run()
    assert r"About run\-002 · The \*good\* one" in said(app)
    assert "<b>seen</b> twice" in [element.value for element in app.text]
    assert not app.text_area
    assert "is off" in said(app)


def test_what_is_said_of_a_run_is_changed_with_leave_and_a_folder_has_one_star(
    output_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about(output_dir, "run-001", About("kept", star=True))
    monkeypatch.setenv("FL_DASH_ALLOW_WRITE", "1")
    monkeypatch.setattr("dashboard.settings.write_allowed", lambda settings, address: settings.write_asked)
    app = open_page("compare")
    app.session_state["about"] = "run-002"
    app.run()
    app.text_input(key="about_name_run-002").set_value("  Ours\n")
    app.text_area(key="about_notes_run-002").set_value("seen")
    app.checkbox(key="about_star_run-002").set_value(True)
    app.button(key="about_save_run-002").click().run()
    assert not app.exception
    assert read_about(output_dir / "artifacts" / "run-002") == About("Ours", notes="seen", star=True)
    assert read_about(output_dir / "artifacts" / "run-001") == About("kept")
    assert next(row for row in listed_runs(app) if row["key"] == "run-002")["name"] == "Ours"
    assert not app.text_area


def test_a_run_deleted_before_its_notes_are_saved_is_said(output_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FL_DASH_ALLOW_WRITE", "1")
    monkeypatch.setattr("dashboard.settings.write_allowed", lambda settings, address: settings.write_asked)
    app = open_page("compare")
    app.session_state["about"] = "run-002"
    app.run()
    shutil.rmtree(output_dir / "artifacts" / "run-002")
    app.button(key="about_save_run-002").click().run()
    assert not app.exception
    assert not (output_dir / "artifacts" / "run-002").exists()
