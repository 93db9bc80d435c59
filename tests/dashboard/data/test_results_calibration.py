from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from common.artifacts.load import load_run
from dashboard.data import results
from tests.support.run_files import HOSPITALS, meta, write_json, write_run, write_version_one


def run_with(folder: Path, **changes: Any) -> Any:
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3) | changes
    write_json(folder / "model_meta.json", body)
    return load_run(folder)


def test_error_before_and_after_the_temperature(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path))
    assert results.calibration_sentence(run) == (
        "Dividing the scores by 1.50 brings stated confidence closer to the share correct: 1.0 instead of 2.5 "
        "points on test slices."
    )
    assert [part.count for part in results.calibrated(run)] == [80]


def test_without_a_temperature(tmp_path: Path) -> None:
    run = run_with(write_run(tmp_path), temperature=None)
    assert results.calibration_sentence(run).endswith("2.5 points on test slices. No temperature is applied.")
    assert results.calibrated(run) == []


@pytest.mark.parametrize("temperature", ["hot", -1, 0, True])
def test_what_is_no_temperature_is_none(tmp_path: Path, temperature: Any) -> None:
    assert results.temperature(run_with(write_run(tmp_path), temperature=temperature)) is None


def test_older_runs_say_that_nothing_is_recorded(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    del body["temperature"]
    write_json(folder / "model_meta.json", body)
    assert results.calibration_sentence(load_run(folder)).endswith("Whether a temperature is applied is not recorded.")
    assert results.calibration_sentence(load_run(write_version_one(tmp_path / "old"))) == "Not recorded for this run."
