from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from common.artifacts.read import load_run
from dashboard.data import confidence
from tests.dashboard.runs import HOSPITALS, meta, write_json, write_run, write_version_one


def run_with(folder: Path, **changes: Any) -> Any:
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3) | changes
    write_json(folder / "model_meta.json", body)
    return load_run(folder)


def test_error_before_and_after_the_temperature(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path))
    assert confidence.sentence(run) == (
        "Expected calibration error 2.5 points; 1.0 with the scores divided by 1.50, the temperature that Predict "
        "applies."
    )
    assert [part.count for part in confidence.calibrated(run)] == [80]


def test_without_a_temperature(tmp_path: Path) -> None:
    run = run_with(write_run(tmp_path), temperature=None)
    assert confidence.sentence(run).endswith("No temperature was fitted: the probabilities are not calibrated.")
    assert confidence.calibrated(run) == []


@pytest.mark.parametrize("temperature", ["hot", -1, 0, True])
def test_what_is_no_temperature_is_none(tmp_path: Path, temperature: Any) -> None:
    assert confidence.temperature(run_with(write_run(tmp_path), temperature=temperature)) is None


def test_older_runs_say_that_nothing_is_recorded(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    del body["temperature"]
    write_json(folder / "model_meta.json", body)
    assert confidence.sentence(load_run(folder)).endswith("Whether a temperature was fitted is not recorded.")
    assert confidence.sentence(load_run(write_version_one(tmp_path / "old"))) == confidence.NOT_RECORDED
