from __future__ import annotations

from pathlib import Path

import pytest

from common.artifacts.listing.glance import glance, quick_settings
from common.artifacts.load import load_run, load_settings
from common.artifacts.schema import Run
from tests.support.run_files import write_run, write_version_one


@pytest.mark.parametrize("state", ["completed", "failed"])
def test_settings_at_a_glance_are_the_settings(tmp_path: Path, state: str) -> None:
    folder = write_run(tmp_path, state=state, strategy="fedprox")
    assert quick_settings(folder) == load_settings(folder)[0] != {}


@pytest.mark.parametrize("broken", ["{", "[]", '{"settings": 3}', '{"settings": {}}', "\xff"])
def test_a_damaged_file_leaves_the_other_one(tmp_path: Path, broken: str) -> None:
    folder = write_run(tmp_path)
    (folder / "model_meta.json").write_text(broken)
    assert quick_settings(folder)["seed"] == 42
    (folder / "config.yaml").write_text("{")
    assert quick_settings(folder) == {}


def seen(run: Run) -> object:
    """What a list shows of a run."""
    accuracies = [(round_.number, round_.val_accuracy) for round_ in run.rounds]
    test = {name: run.metrics.get(name) for name in ("test_accuracy", "intervals", "confusion_matrix")}
    slices = run.meta.get("test_samples")
    return run.run_id, run.state, run.strategy, run.status.rounds, run.synthetic, run.pooled, accuracies, test, slices


def test_a_glance_shows_what_the_whole_run_shows(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path, "run-001", strategy="fedprox"),
        write_run(tmp_path, "run-002", state="running", done=2, rounds=9),
        write_run(tmp_path, "run-003", state="failed", done=0, reason="No quorum."),
        write_version_one(tmp_path / "v1"),
    ]
    for folder in folders:
        assert seen(glance(folder)) == seen(load_run(folder))


@pytest.mark.parametrize("name", ["status.json", "training_history.json", "model_meta.json"])
@pytest.mark.parametrize("broken", ["{", "[]", "null", "7", '[{"epoch": "x"}, {"epoch": 2, "val_accuracy": 7}]', None])
def test_a_damaged_folder_is_read_as_ever(tmp_path: Path, name: str, broken: str | None) -> None:
    folder = write_run(tmp_path)
    (folder / name).unlink() if broken is None else (folder / name).write_text(broken)
    assert seen(glance(folder)) == seen(load_run(folder))
