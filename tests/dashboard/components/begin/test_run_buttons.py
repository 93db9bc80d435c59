from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from common.artifacts.live.record import Live, live_file
from common.artifacts.run_files import now
from common.process import Process, this_process
from tests.support.pages import open_page, said
from tests.support.run_files import write_run

GONE = Process(2**22 + 1, 1.0, this_process().machine)


@pytest.fixture(autouse=True)
def output_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    monkeypatch.setenv("FL_DASH_ALLOW_WRITE", "1")
    monkeypatch.setattr("dashboard.components.parts.st.get_option", lambda name: "127.0.0.1")
    return tmp_path


def running(output_dir: Path, process: Process, **more: object) -> AppTest:
    folder = write_run(output_dir, state="running", done=2, rounds=5)
    command = "python -m server.simulate resume=run-001 output_dir=."
    found = Live(process=process, alive_at=now(), resume_command=command, **more)  # type: ignore[arg-type]
    (folder / "progress.json").write_bytes(live_file(found))
    return open_page("training")


def keys(app: AppTest) -> set[str | None]:
    return {button.key for button in app.button}


def test_a_living_run_can_be_stopped_once(output_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    monkeypatch.setattr("dashboard.data.begin.launch.stop", lambda run: stopped.append(run.run_id))
    app = running(output_dir, this_process())
    assert "resume_now" not in keys(app)
    app.button(key="stop_now").click().run()
    assert stopped == ["run-001"]
    assert "Stopping after this step" in said(app)
    assert "stop_now" not in keys(app)


def test_a_stop_that_cannot_be_is_explained(output_dir: Path) -> None:
    app = running(output_dir, this_process())  # which is no run of this project
    app.button(key="stop_now").click().run()
    assert "was not found on this machine" in said(app)


def test_a_dead_run_can_be_resumed_and_not_stopped(output_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resumed: list[list[str]] = []
    monkeypatch.setattr("dashboard.data.begin.launch.resume", lambda words, folder: resumed.append(words))
    app = running(output_dir, GONE)
    assert "The process has ended (killed?)" in said(app)
    assert f"-m server.simulate resume=run-001 output_dir={output_dir}" in said(app)
    assert "stop_now" not in keys(app)
    app.button(key="resume_now").click().run()
    assert resumed == [["server.simulate", "resume=run-001"]]


def test_where_the_page_may_not_there_are_commands_to_copy(output_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FL_DASH_ALLOW_WRITE")
    own = this_process()
    assert f"kill -INT {own.pid}" in said(running(output_dir, own))
    app = running(output_dir, GONE)
    assert "server.simulate resume=run-001" in said(app)
    assert not keys(app) & {"stop_now", "resume_now"}


def test_what_each_hospital_does_is_listed(output_dir: Path) -> None:
    from common.artifacts.live.record import Part

    parts = {"A **bold** name": Part("working", now(), "training", 34, 72), "B": Part("done")}
    app = running(output_dir, this_process(), phase="train", round=3, round_since=now(), reports=True, hospitals=parts)
    bars = [bar.proto.text for bar in app.get("progress")]
    assert any("training 34 of 72 steps" in text and "A \\*\\*bold" in text for text in bars)
    assert any(text.endswith("sent") for text in bars)
