from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.artifacts.load import load_run
from common.artifacts.words import POOLED
from dashboard.data import caveats, results
from tests.support.run_files import HOSPITALS, meta, write_json, write_run, write_version_one

GUESSED = "Patients are guessed everywhere, so one may be in training and in the test."


def said(folder: Path, sound: bool | None) -> str:
    run = load_run(folder)
    found = (results.overall_result(run), *results.hospital_results(run).values())
    tested = [result for result in found if result is not None]
    return " ".join(remark.sentence for remark in caveats.remarks(run, tested) if remark.sound is sound)


def test_a_run_in_order(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    assert "are on one side of the split" in said(folder, True)
    assert "Every hospital took part" in said(folder, True)
    assert "SYNTHETIC" in said(folder, False)
    assert "No tumour is held by Phantom Hyderabad alone" in said(folder, False)
    assert said(folder, None) == GUESSED


def test_a_pooled_run_is_no_federation(tmp_path: Path) -> None:
    folder = write_run(tmp_path, strategy="pooled", pooled=True)
    assert POOLED in said(folder, False)
    assert "took part" not in said(folder, True), "no hospital took part in a round"


def test_hospitals_with_models_of_their_own(tmp_path: Path) -> None:
    assert "There is no global model" in said(write_run(tmp_path, strategy="local", keeps="everything"), True)


@pytest.mark.parametrize(
    ("split", "sound", "words"),
    [
        ({"grouped": True, "groups_across_splits": 3}, False, "3 groups of look-alikes are on more than one side"),
        ({"grouped": False, "groups_across_splits": 0}, False, "one by one"),
        ({"grouped": True}, None, "is not recorded"),
        (None, None, "is not recorded"),
    ],
)
def test_the_split(tmp_path: Path, split: Any, sound: bool | None, words: str) -> None:
    folder = write_run(tmp_path)
    write_json(folder / "model_meta.json", {**meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3), "split": split})
    assert words in said(folder, sound)


def test_a_hospital_that_dropped_out(tmp_path: Path) -> None:
    assert "missed at least one round" in said(write_run(tmp_path, drop=2), False)


def test_version_1_recorded_neither(tmp_path: Path) -> None:
    unknown = said(write_version_one(tmp_path), None)
    assert "in both training and test is not recorded" in unknown
    assert "every round is not recorded" in unknown


def test_few_cases_are_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    body["metrics"]["confusion_matrix"] = [[5, 0, 0, 0], [0, 30, 0, 0], [0, 0, 30, 0], [0, 0, 0, 30]]
    write_json(folder / "model_meta.json", body)
    assert "Fewer than 20 test slices" in said(folder, False)
    assert "Glioma (5) at All hospitals" in said(folder, False)


def test_recorded_warnings_are_said_once(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    body["split"]["groups_across_splits"] = 3
    body["warnings"] = [
        {"code": "EVAL001", "sentence": "3 groups stand on two sides (Phantom Jaipur 3)."},
        {"code": "EVAL003", "sentence": "Slices stand under two labels."},
        "no warning",
    ]
    write_json(folder / "model_meta.json", body)
    words = said(folder, False)
    assert "EVAL001: 3 groups stand on two sides (Phantom Jaipur 3)." in words
    assert "EVAL003: Slices stand under two labels." in words
    assert "flatter the model" not in words, "the run's own sentence says it"


def test_older_runs_recorded_no_warnings(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    body = meta("run-001", 4, HOSPITALS, "fedavg", 0.9, 1e-3)
    del body["warnings"]
    write_json(folder / "model_meta.json", body)
    assert said(folder, None) == f"{GUESSED} Whether one picture is under two labels is not recorded."


def test_known_patients_are_a_comfort_and_the_hospitals_that_guess_are_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    stats = json.loads((folder / "dataset_stats.json").read_text())
    for body in stats.values():
        body["patients"]["source"] = "dicom"
    write_json(folder / "dataset_stats.json", stats)
    assert "Patients are known at every hospital" in said(folder, True)
    stats["Phantom Jaipur"]["patients"]["source"] = "guessed"
    write_json(folder / "dataset_stats.json", stats)
    assert "Patients are guessed at Phantom Jaipur, so" in said(folder, None)
    for body in stats.values():
        del body["patients"]
    write_json(folder / "dataset_stats.json", stats)
    assert "Patients" not in said(folder, True) + said(folder, None)
