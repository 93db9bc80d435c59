import json
from dataclasses import replace

import pytest

from common.artifacts.layout import list_studies, new_study
from common.artifacts.study import load_study, study_json, write_study
from common.study.records import Study
from tests.support.studies import HOSPITALS, A, B, lost, study, worth_it
from tests.support.unseen_studies import of_folds, of_left_out


@pytest.fixture
def folder(tmp_path):
    return new_study(tmp_path)


def test_studies_count_up_and_are_listed_newest_first(tmp_path):
    names = [new_study(tmp_path).study_id for _ in range(3)]
    (tmp_path / "artifacts" / "study-x").mkdir()
    (tmp_path / "artifacts" / "run-001").mkdir()
    assert names == ["study-001", "study-002", "study-003"]
    assert list_studies(tmp_path) == names[::-1]
    assert list_studies(tmp_path / "nowhere") == []


def test_what_is_written_is_read_again(folder):
    written = worth_it()
    written = replace(written, cells=(*written.cells, lost("scaffold", 42, "failed", "no memory")))
    write_study(folder, written, {"rounds": 3})
    found = load_study(folder.path)
    assert found.problems == ()
    assert found.updated_at
    for one, other in zip(found.cells, written.cells, strict=True):
        assert {k: v.tolist() for k, v in one.tests.items()} == {k: v.tolist() for k, v in other.tests.items()}
        assert replace(one, tests={}) == replace(other, tests={})
    same = {"cells": (), "updated_at": None}
    assert replace(found, **same) == replace(written, **same)


def test_results_stand_in_the_file_as_fractions():
    body = study_json(worth_it(), {})
    results = body["results"]
    overall = next(
        row
        for row in results["differences"]
        if (row["reference"], row["hospital"], row["measure"]) == ("local", None, "accuracy")
    )
    assert overall["mean"] == pytest.approx(0.10)
    assert overall["interval"] == pytest.approx([0.0752, 0.1248], abs=1e-4)
    assert (overall["n"], overall["seeds"], overall["verdict"]) == (3, [42, 43, 44], "better")
    assert len(results["strategies"]) == 3 * 6 * 4
    first = results["leave_one_out"][0]
    assert (first["left_out"], first["on"], first["mean"]) == (A, None, pytest.approx(0.06))
    assert {row["class"] for row in results["site_or_disease"]} == {"notumor"}
    assert results["site_or_disease"][0]["recall"]["mean"] is None, "no such slice in these tests"
    assert results["gradient_steps"]["local"] == {"42": 60, "43": 60, "44": 60}
    assert len(results["answers"]) == 3
    json.dumps(body, allow_nan=False)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "not there"),
        ("{", "not valid JSON"),
        ("[]", "does not hold a study"),
        ("null", "holds nothing"),
        ('{"state": "dreaming"}', "names no known state"),
        ('{"state": "running", "cells": [{"strategy": 3}]}', "cell 1 names no strategy"),
    ],
)
def test_a_damaged_file_is_a_sentence(folder, content, says):
    if content is not None:
        folder.results.write_text(content)
    found = load_study(folder.path)
    assert isinstance(found, Study)
    assert says in " ".join(problem.sentence for problem in found.problems)


def test_a_damaged_matrix_costs_that_hospital_alone(folder):
    write_study(folder, study(worth_it().cells[:1]), {})
    body = json.loads(folder.results.read_text())
    body["cells"][0]["test_confusion_matrices"][A] = [[1, 2], [3, 4]]
    body["cells"][0]["test_confusion_matrices"][B][0][0] = 10**30
    folder.results.write_text(json.dumps(body))
    found = load_study(folder.path)
    assert list(found.cells[0].tests) == [HOSPITALS[2]]
    assert "no usable confusion matrix" in found.problems[0].sentence


@pytest.mark.parametrize("written", [of_folds(beside=True), of_left_out()], ids=["folds", "external"])
def test_folds_and_external_tests_are_read_again(folder, written):
    cells = [replace(each, effects={A: 2.5}) for each in written.cells]
    write_study(folder, replace(written, cells=tuple(cells)), {})
    found = load_study(folder.path)
    assert found.problems == ()
    assert (found.folds, found.external) == (written.folds, written.external)
    for one, other in zip(found.cells, cells, strict=True):
        assert (one.cell, one.effects) == (other.cell, other.effects)
        assert (one.external is None) == (other.external is None)
        if one.external and other.external:
            assert one.external.confusion.tolist() == other.external.confusion.tolist()
            assert (one.external.evaluation_id, one.external.effect) == (other.external.evaluation_id, 2.0)


def test_what_is_said_of_the_unseen_stands_in_the_file():
    body = study_json(of_left_out(), {})
    record = next(each for each in body["cells"] if each["without"] == A)
    assert record["external"]["evaluation_id"] == "evaluation-001"
    assert record["external"]["left_out_slices"] == 7
    assert sum(map(sum, record["external"]["confusion_matrix"])) == 107
    first = body["results"]["unseen"][0]
    assert (first["test"], first["strategy"], first["slices"], first["left_out_slices"]) == (
        "external",
        "fedavg",
        300,
        7,
    )
    assert first["accuracy"]["mean"] == pytest.approx(0.70)
    assert first["own_split"]["mean"] == pytest.approx(0.85)
    (differing,) = body["results"]["unseen_differences"]
    assert (differing["subject"], differing["reference"]) == ("fedavg", "pooled")
    assert differing["mean"] == pytest.approx(-0.03)
    assert body["results"]["headline"].startswith("At a hospital that did not train it")
    json.dumps(body, allow_nan=False)


def test_a_file_of_an_earlier_version_has_neither(folder):
    write_study(folder, worth_it(), {})
    body = json.loads(folder.results.read_text())
    for name in ("folds", "external"):
        del body[name]
    for cell in body["cells"]:
        for name in ("fold", "external", "design_effects"):
            del cell[name]
    folder.results.write_text(json.dumps(body))
    found = load_study(folder.path)
    assert found.problems == ()
    assert (found.folds, found.external, found.cells[0].cell.fold, found.cells[0].effects) == (0, False, None, {})


def test_a_damaged_external_test_costs_that_test_alone(folder):
    write_study(folder, of_left_out(), {})
    body = json.loads(folder.results.read_text())
    at = next(place for place, cell in enumerate(body["cells"]) if cell["without"] == A)
    body["cells"][at]["external"]["confusion_matrix"] = [[1, 2], [3, 4]]
    folder.results.write_text(json.dumps(body))
    found = load_study(folder.path)
    assert found.cells[at].external is None
    assert found.cells[at].tests
    assert "no usable test at the hospital that was left out" in " ".join(each.sentence for each in found.problems)
