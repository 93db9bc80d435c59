"""Every page of the shell in every state that a folder can be in: one sentence each, never an exception."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.pages import open_page, said
from tests.support.run_files import STRANGE, write_json, write_run, write_version_one

VIEWS = ("network", "training", "compare", "privacy", "logs")


def half_written(output_dir: Path) -> None:
    path = write_run(output_dir) / "training_history.json"
    path.write_text(path.read_text()[:-30])


def malformed(output_dir: Path) -> None:
    folder = write_run(output_dir)
    for name in ("status.json", "dataset_stats.json", "training_history.json", "model_meta.json", "config.yaml"):
        (folder / name).write_text('{"a": ')


def wrong_types(output_dir: Path) -> None:
    folder = write_run(output_dir)
    write_json(folder / "status.json", {"state": 7, "round": "x", "hospitals": {"a": 1}, "log": ["x"]})
    write_json(folder / "dataset_stats.json", {"A": [], "B": {"class_distribution": {"glioma": "many"}, "location": 1}})
    write_json(
        folder / "training_history.json", [{"epoch": 1, "hospitals": [1], "asked": 3, "failed": [{}], "seconds": "x"}]
    )
    write_json(folder / "model_meta.json", {"metrics": {"test_accuracy": "high", "per_hospital": {"A": 1}}})


def just_started(output_dir: Path) -> None:
    write_json(output_dir / "artifacts" / "run-001" / "status.json", {"state": "running", "round": 0, "rounds": 3})


STATES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (lambda out: None, "There is no run in this folder yet"),
    "empty run folder": (lambda out: (out / "artifacts" / "run-001").mkdir(parents=True), "is not there"),
    "just started": (just_started, "Running"),
    "running": (
        lambda out: write_run(out, state="running", done=3, rounds=9, updated_at=datetime.now(UTC)),
        "Running",
    ),
    "failed": (
        lambda out: write_run(out, state="failed", done=2, rounds=9, drop=2, reason="No quorum in round 3."),
        "No quorum in round 3",
    ),
    "interrupted": (lambda out: write_run(out, state="interrupted", done=2, rounds=9, reason="Ctrl-C."), "Interrupted"),
    "completed": (write_run, "Completed"),
    "version 1": (write_version_one, "State not recorded"),
    "half-written": (half_written, "is not valid JSON"),
    "malformed": (malformed, "is not valid JSON"),
    "wrong types": (wrong_types, "names no known state"),
    "strange names": (lambda out: write_run(out, hospitals=STRANGE), "Completed"),
}


@pytest.fixture(autouse=True)
def output_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    monkeypatch.delenv("FL_COMPARE_DIRS", raising=False)
    monkeypatch.delenv("FL_DASH_ALLOW_WRITE", raising=False)
    return tmp_path


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("view", VIEWS)
def test_a_page_in_a_state(output_dir: Path, view: str, state: str) -> None:
    write, sentence = STATES[state]
    write(output_dir)
    app = open_page(view)
    assert not app.exception
    assert len(app.title) == 1
    assert sentence in said(app)


@pytest.mark.parametrize("view", VIEWS[:2] + VIEWS[3:])
def test_an_unknown_run_in_the_address_is_said(output_dir: Path, view: str) -> None:
    write_run(output_dir)
    app = open_page(view, run="run-999")
    assert not app.exception
    assert r"run\-999 is not here, showing run-001." in said(app)


@pytest.mark.parametrize("run", ["../../etc", "/etc/passwd", "run-001/../run-002", "<script>alert(1)</script>"])
def test_what_the_address_names_is_never_opened(output_dir: Path, run: str) -> None:
    write_run(output_dir)
    app = open_page("network", run=run)
    assert not app.exception
    assert "is not here, showing run-001" in said(app)
    assert "<script>" not in said(app)


def test_synthetic_slices_are_called_so(output_dir: Path) -> None:
    write_run(output_dir)
    for view in VIEWS:
        assert "SYNTHETIC DATA" in said(open_page(view))


def test_version_one_is_not_called_synthetic(output_dir: Path) -> None:
    write_version_one(output_dir)
    assert "SYNTHETIC" not in said(open_page("network"))
