from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.artifacts.load import load_run
from common.artifacts.schema import HospitalData
from common.metrics.intervals import wilson
from dashboard.data import facts, results
from dashboard.screens import network
from tests.support.run_files import write_json, write_run, write_version_one


def test_a_class_held_by_one_hospital_is_found(tmp_path: Path) -> None:
    assert facts.held_by_one(load_run(write_run(tmp_path))) == [("notumor", "Phantom Hyderabad")]
    assert facts.held_by_one(load_run(write_version_one(tmp_path, "run-002"))) == [("notumor", "Phantom Hyderabad")]


def test_the_gap_is_largest_minus_smallest(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path))
    assert facts.hospital_gap(run) == pytest.approx(0.04)
    assert [test.n_test for test in facts.hospital_tests(run).values()] == [64, 63, 62]


def test_version_one_has_an_overall_test_but_no_gap(tmp_path: Path) -> None:
    run = load_run(write_version_one(tmp_path))
    test = facts.overall_test(run)
    assert test is not None
    whole = results.overall_result(run)
    assert whole is not None
    assert test.interval == whole.accuracy.interval == wilson(56, 80), "from its counts, on every page"
    assert facts.hospital_gap(run) is None
    assert facts.hospital_tests(run) == {}


def test_the_table_says_what_the_map_shows(tmp_path: Path) -> None:
    table = network.hospital_table(load_run(write_run(tmp_path)))
    assert list(table["Hospital"]) == ["Phantom Hyderabad", "Phantom Jaipur", "Phantom Kolkata"]
    row = table.iloc[1]
    assert (row["Slices"], row["No tumour"], row["Test accuracy"]) == ("355", "0", "88.0 % (82.0–93.0)")


def test_small_counts_are_not_told() -> None:
    assert [facts.small(n) for n in (None, 0, 1, 4, 5, 1234)] == ["–", "0", "<5", "<5", "5", "1,234"]


def test_slices_held_are_not_slices_used() -> None:
    few = HospitalData("A", total=3129, split_counts={"train": {"glioma": 200}, "val": {"glioma": 40, "notumor": 40}})
    assert few.used == 280
    assert facts.slices(few) == "3,129 slices held, 280 used"
    assert facts.slices(HospitalData("A", total=280, split_counts=few.split_counts)) == "280 slices"
    assert facts.slices(HospitalData("A", total=3129)) == "3,129 slices", "version 1 recorded no split"
    assert facts.slices(HospitalData("A")) == "– slices"


def test_what_was_used_is_not_known_until_every_hospital_says_so(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    assert facts.used_slices(load_run(folder)) == facts.total_slices(load_run(folder)) == 1175
    stats = json.loads((folder / "dataset_stats.json").read_text())
    del stats["Phantom Jaipur"]["split_counts"]
    write_json(folder / "dataset_stats.json", stats)
    assert facts.used_slices(load_run(folder)) is None
