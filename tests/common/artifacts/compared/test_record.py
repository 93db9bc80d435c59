"""``comparison.json``: folds and hospitals add up, seeds do not, and what it says of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from common.artifacts.compared.record import comparison_json, write_comparison
from common.artifacts.compared.records import Comparison, Pair, PairResult
from common.artifacts.compared.tables import tables_of
from common.artifacts.compared.words import sentences
from common.artifacts.layout import list_comparisons, new_comparison
from common.metrics.paired.figures import paired_figures
from common.metrics.paired.seeds import PairedTables
from tests.common.metrics.test_paired import THREE


def tables(both: int, this: int, reference: int, neither: int, place: int = 0) -> PairedTables:
    slices = np.zeros((4, 2, 2), np.int64)
    slices[place] = [[both, this], [reference, neither]]
    return PairedTables(slices, slices // 5, 2.0)


def judged(seed: int, fold: int | None, tested: range, found: PairedTables, **fields) -> PairResult:
    pair = Pair(f"run-1{seed}{fold}", f"run-2{seed}{fold}", seed, ("a",), fold, **fields)
    return PairResult(pair, "completed", "evaluation-001", tables={"A": found}, tested={"A": tested}, source="manifest")


FOLDS = [
    judged(1, 1, range(100), tables(60, 20, 10, 10)),
    judged(1, 2, range(100, 200), tables(70, 10, 10, 10)),
    judged(2, 1, range(50, 150), tables(60, 20, 10, 10)),
    judged(2, 2, [*range(50), *range(150, 200)], tables(70, 10, 10, 10)),
]
MADE = Comparison("comparison-001", "study-002:fedavg", "study-001:fedavg", pairs=tuple(FOLDS))


def test_folds_add_up_to_every_slice_once_and_seeds_are_no_new_slices():
    own = comparison_json(MADE)["results"]["own"]
    assert (own["seeds"], own["folds"]) == ([1, 2], [1, 2])
    found = own["slices"]
    assert (found["cases"], found["groups"], found["only_this"], found["only_reference"]) == (200, 40, 30, 20)
    assert found["difference"] == pytest.approx(0.05)
    assert found["spread"] == 0
    assert own["per_hospital"]["A"]["slices"] == found
    assert own["patient_source"] == "manifest"


def test_a_hospital_that_was_left_out_is_a_question_of_its_own():
    out = judged(1, None, range(100), tables(50, 30, 10, 10, 3), without="B", elsewhere=True)
    made = Comparison("comparison-001", "study-002:fedavg", "study-001:fedavg", pairs=(*FOLDS, out))
    results = comparison_json(made)["results"]
    assert results["own"] == comparison_json(MADE)["results"]["own"]
    assert results["elsewhere"]["slices"]["difference"] == pytest.approx(0.2)
    said = " ".join(sentences(comparison_json(made)))
    assert (
        "On held-back slices of the same hospitals (2 folds, seeds 1 and 2): study-002:fedavg is right on 80.0 %"
        in said
    )
    assert "At hospitals that trained neither (A; seed 1)" in said
    assert "rests on 40 patients and 2 seeds" in said
    assert "From seed to seed the difference moves by 0.0 points" in said


def test_guessed_patients_are_called_groups_and_slices_that_do_not_count_are_told():
    guessed = PairResult(FOLDS[0].pair, "completed", None, None, FOLDS[0].tables, FOLDS[0].tested, 7, "guessed")
    said = " ".join(sentences(comparison_json(Comparison("comparison-001", "a", "b", pairs=(guessed,)))))
    assert "rests on 20 groups" in said
    assert "By whole groups, whose slices vote" in said
    assert "7 slices with each seed, of classes that no training hospital holds, are not counted." in said


def test_an_evaluations_tables_come_back_as_they_were_counted():
    each = THREE[0].sums
    meta = json.loads(json.dumps({"comparison": {"per_hospital": {"A": paired_figures([each])}}}))
    found = tables_of(meta)["A"]
    assert (found.slices == each.paired.slices).all()
    assert (found.patients == each.paired.patients).all()
    assert found.effect == each.paired.effect
    alone = tables_of(meta, ("glioma",))["A"].slices
    assert (alone[0] == each.paired.slices[0]).all()
    assert not alone[1:].any()
    assert tables_of({"comparison": {"per_hospital": {"A": "lost"}}})["A"].slices.sum() == 0
    assert tables_of({}) == {}


def test_nothing_judged_yet_is_a_whole_file_without_results(tmp_path):
    folder = new_comparison(tmp_path)
    pair = PairResult(FOLDS[0].pair, "failed", reason="its process was killed")
    write_comparison(folder, Comparison(folder.comparison_id, "run-002", "run-001", pairs=(pair,)))
    content = json.loads(folder.results.read_text())
    assert content["results"] == {"own": None, "elsewhere": None}
    assert (content["pairs"][0]["state"], content["pairs"][0]["difference"]) == ("failed", None)
    assert not list(sentences(content))
    assert list_comparisons(tmp_path) == ["comparison-001"]
