from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.artifacts.load import load_run, load_splits
from dashboard.data.compared import differences
from dashboard.data.gains import figures as gain
from dashboard.data.gains import words as gain_words
from tests.support.run_files import HOSPITALS, write_json, write_run
from tests.support.studies import A, B, C, done, study, worth_it


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return gain.same_test_slices(differences.tested_slices(one), differences.tested_slices(other))


def test_a_study_pairs_its_seeds() -> None:
    found = gain.of_study(worth_it())
    assert found is not None
    assert found.paired
    assert [row.hospital for row in found.rows] == sorted((A, B, C))
    row = found.rows[0]
    assert (row.kind, row.cases) == (gain.GAINS, 100)
    assert round(row.difference or 0, 3) == 0.1
    assert row.interval is not None
    assert row.interval[0] > 0
    assert gain_words.verdict(found) == "Every hospital gains from the shared model (10.0 points)."


def test_grey_is_what_the_interval_of_the_difference_leaves_open() -> None:
    cells = [done("local", seed, [80, 90, 85]) for seed in (1, 2, 3)]
    shared = [(90, 80, 70), (91, 81, 85), (90, 80, 99)]
    found = gain.of_study(study([*cells, *(done("fedavg", i + 1, right) for i, right in enumerate(shared))]))
    assert found is not None
    kinds = {row.hospital: row.kind for row in found.rows}
    assert kinds == {A: gain.GAINS, B: gain.LOSES, C: gain.OPEN}
    assert gain_words.verdict(found) == (
        f"{A} gains from the shared model (10.3 points); {B} loses (9.7 points); at {C} it is too close to tell."
    )


def test_one_seed_is_compared_slice_counts_against_slice_counts() -> None:
    found = gain.of_study(study([done("local", 42, [50, 88, 90]), done("fedavg", 42, [90, 90, 90])]))
    assert found is not None
    assert not found.paired
    assert [(row.hospital, row.kind) for row in found.rows] == [(B, gain.OPEN), (A, gain.GAINS), (C, gain.OPEN)]
    assert "Not paired" in found.how
    assert "One seed" in found.how


def test_a_study_without_own_models_or_without_a_common_seed_says_nothing() -> None:
    assert gain.of_study(study([done("fedavg", 42, 90), done("pooled", 42, 90)])) is None
    assert gain.of_study(study([done("local", 42, 90), done("pooled", 42, 90)])) is None
    assert gain.of_study(study([done("local", 42, 90), done("fedavg", 43, 90)])) is None


def test_what_trained_otherwise_is_said() -> None:
    cells = [done("local", 1, 80), done("scaffold", 1, 80), done("krum", 1, 80)]
    said = ("scaffold trains with train.optimiser=sgd (not adam)", "krum trains with rounds=9 (not 4)")
    found = gain.of_study(study(cells, unlike=said))
    assert found is not None
    assert gain_words.unlike_sentence(found) == f"Not like for like: {said[0]}."


def test_two_runs_are_compared_where_both_tested_on_the_same_slices(tmp_path: Path) -> None:
    shared, own = write_run(tmp_path, "run-001"), write_run(tmp_path, "run-002", strategy="local", best=0.5)
    names = sorted(HOSPITALS)
    found = gain.of_runs(load_run(shared), load_run(own), names[:2])
    assert [row.hospital for row in found.rows] == names[:2]
    assert {row.kind for row in found.rows} == {gain.GAINS}
    assert found.synthetic
    assert found.unlike == ()
    assert "run-001 and run-002" in found.source


def test_models_that_were_not_trained_alike_claim_no_gain(tmp_path: Path) -> None:
    shared, own = write_run(tmp_path, "run-001"), write_run(tmp_path, "run-002", strategy="local", best=0.5, lr=0.1)
    found = gain.of_runs(load_run(shared), load_run(own), sorted(HOSPITALS))
    assert {row.kind for row in found.rows} == {gain.UNKNOWN}
    assert found.unlike == ("the own models trained with train.lr=0.1 (not 0.001)",)
    assert gain_words.verdict(found) == "Who gains cannot be told: the models were not trained alike."


def test_other_files_or_other_slices_are_not_the_same_test(tmp_path: Path) -> None:
    def splits(name: str, **changed: object) -> dict[str, object]:
        body = {"files_sha256": "a", "test_idx": [1, 2]} | changed
        write_json(tmp_path / name / "dataset_splits.json", {"hospitals": {A: body, B: {"files_sha256": "b"}}})
        return dict(load_splits(tmp_path / name)[0])

    one = splits("one")
    assert same(one, json.loads(json.dumps(one))) == [A], "an empty test is none"
    assert same(one, splits("files", files_sha256="c")) == []
    assert same(one, splits("slices", test_idx=[1, 3])) == []
    assert same(one, {}) == []


def test_a_run_without_figures_per_hospital_is_not_known(tmp_path: Path) -> None:
    shared, own = write_run(tmp_path, "run-001"), write_run(tmp_path, "run-002", state="running")
    found = gain.of_runs(load_run(shared), load_run(own), [A])
    assert found.rows[0].kind == gain.UNKNOWN
    assert gain_words.table(found)["Own model"].tolist() == ["–"]
    assert gain_words.verdict(found) == "No hospital has both models tested on the same slices."
