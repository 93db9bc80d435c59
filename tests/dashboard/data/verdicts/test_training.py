from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from common.artifacts.load import load_run
from dashboard.data import live
from dashboard.data.verdicts import training
from tests.support.run_files import HOSPITALS, START, history, write_json, write_run


def training_text(folder: Path, seconds: float = 150) -> str:
    run = load_run(folder)
    at = START + timedelta(seconds=seconds)
    found = training.of_run(run, live.now_at(run, at, None, None), at)
    assert found is not None
    return found.text


def test_a_running_run_says_round_replies_and_time_left(tmp_path: Path) -> None:
    folder = write_run(tmp_path, state="running", done=4, rounds=15)
    assert training_text(folder).startswith("Running. Round 4 of 15, all 3 hospitals replied, about ")
    late = write_run(tmp_path, "run-002", state="running", done=4, rounds=15, drop=4)
    assert "Caution. Round 4 of 15, Phantom Kolkata did not reply" in training_text(late)
    assert training_text(folder, 4000).startswith("No sign of life. Round 4 of 15 was the last that is complete.")


def test_a_finished_run_names_its_best_round_and_since_when_none_was_clearly_better(tmp_path: Path) -> None:
    folder = write_run(tmp_path, done=6)
    assert training_text(folder).startswith("Finished. Best in round 5: 82 % (76 to 87) of the validation slices; no ")
    rising = history(3, HOSPITALS)
    for row, level in zip(rising, (0.3, 0.5, 0.9), strict=True):
        row["val_accuracy"] = level
    write_json(folder / "training_history.json", rising)
    assert "still rising at the end, so more rounds may help" in training_text(folder)


def test_an_ended_run_says_where(tmp_path: Path) -> None:
    folder = write_run(tmp_path, state="failed", done=2, rounds=9, reason="No quorum.")
    assert training_text(folder).startswith("Failed. Ended after round 2 of 9, without a test. Best in round 1:")
