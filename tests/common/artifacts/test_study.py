import json
from dataclasses import replace

import pytest

from common.artifacts.layout import list_studies, new_study
from common.artifacts.study import load_study, study_json, write_study
from common.study.records import Study
from tests.support.studies import HOSPITALS, A, B, lost, study, worth_it


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
