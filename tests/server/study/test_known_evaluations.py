"""Evaluations are known by what they tested; the files are made up, their reader is real."""

import json
from types import SimpleNamespace

import pytest

from server.study.known_evaluations import KnownEvaluations

RUN = SimpleNamespace(run_id="run-003", meta={"sha256": "m" * 64})
ROWS = [[8, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def write(output, number=1, files="f" * 64, trained=False, part="every usable slice", **other):
    folder = output / "artifacts" / f"evaluation-{number:03d}"
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {"test_accuracy": [0.4, 1.0], "groups": 4}
    meta = {
        "of": "run-003",
        "model_sha256": "m" * 64,
        "hospitals": [{"name": "A", "trained": trained, "part": part, "files_sha256": files}],
        "metrics": {"per_hospital": {"A": {"confusion_matrix": ROWS, "intervals": {"bootstrap": drawn}}}},
    }
    (folder / "evaluation_meta.json").write_text(json.dumps(meta | other))


def found(output, files="f" * 64, hospital="A"):
    return KnownEvaluations(output).of(RUN, hospital, files)


def test_a_test_of_this_model_at_this_hospital_is_found_with_its_design_effect(tmp_path):
    write(tmp_path)
    external = found(tmp_path)
    assert external.evaluation_id == "evaluation-001"
    assert external.confusion.tolist() == ROWS
    assert external.effect == pytest.approx((0.6 / 3.92) ** 2 / (0.8 * 0.2 / 10), rel=1e-3)
    assert found(tmp_path, hospital="B") is None
    assert found(tmp_path, files=None), "nobody says which files it has now"


@pytest.mark.parametrize(
    "other",
    [
        {"files": "g" * 64},
        {"trained": True},
        {"part": "its test slices"},
        {"of": "run-004"},
        {"model_sha256": "n" * 64},
        {"metrics": {"per_hospital": {"A": {"confusion_matrix": [[1]]}}}},
    ],
)
def test_another_test_is_none_of_it(tmp_path, other):
    write(tmp_path, **other)
    assert found(tmp_path) is None


def test_the_newest_counts_and_one_that_was_killed_or_is_damaged_is_passed_over(tmp_path):
    write(tmp_path, 1)
    write(tmp_path, 2)
    (tmp_path / "artifacts" / "evaluation-003").mkdir()
    (tmp_path / "artifacts" / "evaluation-004").mkdir()
    (tmp_path / "artifacts" / "evaluation-004" / "evaluation_meta.json").write_text('{"of": ')
    assert found(tmp_path).evaluation_id == "evaluation-002"


def test_an_evaluation_that_ends_meanwhile_is_found(tmp_path):
    known = KnownEvaluations(tmp_path)
    (tmp_path / "artifacts" / "evaluation-001").mkdir(parents=True)
    assert known.of(RUN, "A", None) is None
    write(tmp_path, 1)
    assert known.of(RUN, "A", None)
