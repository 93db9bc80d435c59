from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.artifacts.load import load_run
from dashboard.data import facts, rounds
from tests.support.run_files import HOSPITALS, meta, write_json, write_run, write_version_one


def run_with(folder: Path, found: Any) -> Any:
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    body["metrics"]["fairness"] = found
    write_json(folder / "model_meta.json", body)
    return load_run(folder)


def test_worst_gap_and_deviation_are_said_with_the_hospitals_interval(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path))
    assert facts.fairness_sentence(run) == (
        "Worst hospital: Phantom Kolkata, 86.0 (80.0–91.0) % of 62 slices; best: Phantom Hyderabad, 90.0 %. Gap 4.0 "
        "points, standard deviation over hospitals 1.6 points."
    )
    assert facts.spread(run) == 0.0163


def test_one_hospital_cannot_differ(tmp_path: Path) -> None:
    assert facts.fairness_sentence(run_with(write_run(tmp_path), None)).startswith(
        "Fewer than two hospitals were tested"
    )


@pytest.mark.parametrize("found", [{"gap": 0.1}, {"worst_hospital": 3, "worst_accuracy": "x", "gap": None}])
def test_what_is_damaged_is_not_recorded(tmp_path: Path, found: Any) -> None:
    run = run_with(write_run(tmp_path), found)
    assert (facts.fairness_sentence(run), facts.spread(run)) == (facts.NOT_RECORDED, None)


def test_each_round_has_its_lowest_hospital_and_its_spread(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path))
    accuracies = [part.val_accuracy or 0.0 for part in run.rounds[0].hospitals.values()]
    lowest, deviation = rounds.lowest_and_spread(run.rounds[0])
    assert lowest == f"Phantom Kolkata, {100 * min(accuracies):.1f} % of 62"
    assert deviation == f"{100 * np.std(accuracies):.1f} pp"
    assert rounds.lowest_and_spread(load_run(write_version_one(tmp_path / "old")).rounds[0]) == ("–", "–")


def test_version_1_recorded_nothing(tmp_path: Path) -> None:
    assert facts.fairness_sentence(load_run(write_version_one(tmp_path))) == facts.NOT_RECORDED
