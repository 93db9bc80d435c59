from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.pages import open_page, said
from tests.support.run_files import write_run


@pytest.fixture(autouse=True)
def output_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    monkeypatch.delenv("FL_DASH_ALLOW_WRITE", raising=False)
    return tmp_path


def test_who_failed_and_why(output_dir: Path) -> None:
    write_run(output_dir, done=4, drop=2)
    text = said(open_page("training"))
    assert "round 2: Phantom Kolkata did not train\\: no answer within 60 s" in text
    assert "**round 2** · 2 of 3 hospitals · 179.2 MB" in text


def test_an_early_failure_stays_in_sight_and_every_round_in_the_table(output_dir: Path) -> None:
    write_run(output_dir, done=9, drop=1)
    app = open_page("training")
    assert "round 1: Phantom Kolkata did not train" in said(app)
    assert "**round 1** ·" not in said(app)
    app.session_state["inside_rounds"] = "Table"
    app.run()
    assert not app.exception
    assert list(app.dataframe[0].value["Round"]) == list(range(9, 0, -1))


@pytest.mark.parametrize("tab", ["Who replied", "Seconds", "Traffic"])
def test_the_inside_of_rounds_is_drawn_when_its_tab_is_open(output_dir: Path, tab: str) -> None:
    write_run(output_dir, done=4, drop=2)
    app = open_page("training")
    assert len(app.get("plotly_chart")) == 2
    app.session_state["inside_rounds"] = tab
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 3


def test_updates_are_drawn_and_the_unusual_one_is_named(output_dir: Path) -> None:
    write_run(output_dir, done=4, odd=3)
    app = open_page("training")
    app.session_state["inside_rounds"] = "Updates"
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 4
    text = said(app).replace("\\", "")
    assert "round 3: Phantom Jaipur's update is 9.1 times as long as the median hospital's" in text
    assert "10 % of its length was taken" in text


def test_a_run_without_an_unusual_update_says_so(output_dir: Path) -> None:
    write_run(output_dir, done=2)
    app = open_page("training")
    app.session_state["inside_rounds"] = "Updates"
    app.run()
    assert "No update was more than three times as long" in said(app)


def test_a_running_run_says_how_long_it_still_takes(output_dir: Path) -> None:
    write_run(output_dir, state="running", done=3, rounds=9, updated_at=datetime.now(UTC))
    app = open_page("training")
    assert "hospitals train · about" in said(app)
    assert app.toggle(key="follow").value is True
    assert "last sign of life" in said(app).lower()


def test_a_killed_run_is_said_to_be_silent(output_dir: Path) -> None:
    write_run(output_dir, state="running", done=3, rounds=9, updated_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert "No sign of life" in said(open_page("training"))


def test_a_failed_run_says_how_to_go_on(output_dir: Path) -> None:
    write_run(output_dir, state="failed", done=2, rounds=5, reason="No quorum.")
    text = said(open_page("training"))
    assert "This run failed after round 2: No quorum\\." in text
    assert "python -m server.simulate resume=run-001" in text


def test_the_end_of_the_log_is_shown(output_dir: Path) -> None:
    write_run(output_dir)
    assert "INFO server | round 4 of 4 done" in said(open_page("training"))


def open_form() -> AppTest:
    """The page with its form unfolded."""
    app = open_page("training")
    app.session_state["start_form"] = True
    return app.run()


def test_the_form_composes_the_command(output_dir: Path) -> None:
    write_run(output_dir)
    app = open_form()
    assert "python -m server.simulate" in said(app)
    app.number_input(key="start_rounds").set_value(3)
    app.selectbox(key="start_experiment").set_value("demo")
    app.text_input(key="start_lr").set_value("3e-4").run()
    assert "python -m server.simulate experiment=demo rounds=3 train.lr=3e-4" in said(app)
    app.text_area(key="start_more").set_value("nonsense=1").run()
    assert "is not a setting" in said(app)
    assert not app.exception


def test_starting_from_the_page_is_off(output_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(output_dir)
    app = open_form()
    assert "Starting from this page is off" in said(app)
    assert "start_now" not in [button.key for button in app.button]
    monkeypatch.setenv("FL_DASH_ALLOW_WRITE", "1")
    monkeypatch.setattr("dashboard.components.begin.start_form.st.get_option", lambda name: "0.0.0.0")
    assert "Starting from this page is off" in said(open_form())


def test_switched_on_it_starts_once(output_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setenv("FL_DASH_ALLOW_WRITE", "1")
    monkeypatch.setattr("dashboard.components.begin.start_form.st.get_option", lambda name: "127.0.0.1")
    monkeypatch.setattr("dashboard.components.begin.start_form._missing", lambda overrides: None)
    monkeypatch.setattr("dashboard.data.begin.launch.start", lambda overrides, folder: started.append(overrides))
    write_run(output_dir)
    app = open_form()
    app.number_input(key="start_rounds").set_value(2).run()
    app.button(key="start_now").click().run()
    assert started == [["rounds=2"]]
    assert not app.exception
    app.run()
    assert len(started) == 1
