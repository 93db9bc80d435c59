"""Analytics: the model at hospitals that did not train it, and the yardsticks, beside the run's own test."""

import json

import numpy as np
import pytest

from common.metrics.case_sums import Cases, count_cases
from common.metrics.paired.figures import paired_figures
from tests.dashboard.test_model_pages import open_page, words
from tests.support.run_files import write_run


def evaluation(of="run-001"):
    counts = [[30, 2, 1, 0], [4, 25, 3, 0], [1, 1, 38, 0], [0, 0, 0, 0]]
    own = {"test_accuracy": 93 / 105, "interval": [0.81, 0.94], "n_test": 105, "macro_f1": 0.88}
    return {
        "of": of,
        "evaluated_at": "2026-11-29T06:00:00+00:00",
        "hospitals": [{"key": "new", "name": "New | Hospital", "trained": False, "slices": 105}],
        "missing_hospitals": ["Away"],
        "metrics": {"per_hospital": {"New | Hospital": {**own, "confusion_matrix": counts}}},
        "internal": {"test_accuracy": 0.95, "intervals": {"test_accuracy": [0.93, 0.97]}, "n_test": 400},
        "elsewhere": {
            **own,
            "hospitals": ["New | Hospital"],
            "difference": 93 / 105 - 0.95,
            "difference_interval": [-0.14, -0.01],
        },
    }


def write_evaluation(output_dir, number, content):
    folder = output_dir / "artifacts" / f"evaluation-{number:03d}"
    folder.mkdir(parents=True)
    (folder / "evaluation_meta.json").write_text(content if isinstance(content, str) else json.dumps(content))


def test_an_evaluation_stands_beside_the_runs_own_test_and_is_no_run(tmp_path, monkeypatch):
    write_run(tmp_path, state="completed", done=2, rounds=2)
    write_evaluation(tmp_path, 1, evaluation())
    write_evaluation(tmp_path, 2, evaluation(of="run-002"))
    (tmp_path / "artifacts" / "evaluation-003").mkdir()
    said = words(open_page(tmp_path, "analytics", monkeypatch, section="Elsewhere"))
    assert "6.4 points lower than in run-001's own test" in said
    assert "Not evaluated at Away" in said
    assert "every usable slice" in said
    assert "evaluation-002" not in said, "that is another run's"


def comparison():
    labels = np.arange(40) % 4
    patient, wrong = np.arange(40) // 4 * 4 + labels, np.eye(4)[(labels + 1) % 4]
    this = np.where((np.arange(40) % 8 < 6)[:, None], np.eye(4)[labels], wrong)
    sums = count_cases(this, labels, Cases(patient, "manifest", reference=wrong))
    return {"with": "run-000", "model_sha256": "ab" * 32, **paired_figures([sums])}


def test_two_models_on_the_same_cases_are_shown_beside_each_other(tmp_path, monkeypatch):
    write_run(tmp_path, state="completed", done=2, rounds=2)
    write_evaluation(tmp_path, 1, json.loads(json.dumps(evaluation() | {"comparison": comparison()})))
    said = words(open_page(tmp_path, "analytics", monkeypatch, section="Elsewhere"))
    assert "the models of run-001 and run-000 are right on 75.0 and 0.0 % of patients" in said
    assert "better" in said
    assert "go by patients" in said


@pytest.mark.parametrize("body", [[], {"with": 3}, {"with": "run-000"}, {"with": "run-000", "patients": {"cases": -1}}])
def test_a_damaged_comparison_is_left_out(tmp_path, monkeypatch, body):
    write_run(tmp_path, state="completed", done=2, rounds=2)
    write_evaluation(tmp_path, 1, evaluation() | {"comparison": body})
    said = words(open_page(tmp_path, "analytics", monkeypatch, section="Elsewhere"))
    assert "6.4 points lower" in said
    assert "on the same cases" not in said


def test_a_run_that_was_evaluated_nowhere_says_how(tmp_path, monkeypatch):
    write_run(tmp_path, state="completed", done=2, rounds=2)
    page = open_page(tmp_path, "analytics", monkeypatch, section="Elsewhere")
    assert "python -m server.evaluate run-001" in words(page)


@pytest.mark.parametrize(
    "content", ["", "[1]", '{"of": 3}', '{"of": "run-001", "metrics": {"per_hospital": {"x": 1}}}']
)
def test_damaged_files_end_no_page(tmp_path, monkeypatch, content):
    write_run(tmp_path, state="completed", done=2, rounds=2)
    write_evaluation(tmp_path, 1, content)
    open_page(tmp_path, "analytics", monkeypatch, section="Elsewhere")


def test_the_yardsticks_are_drawn_with_the_shared_model_beside_them(tmp_path, monkeypatch):
    folder = write_run(tmp_path, state="completed", done=2, rounds=2)
    path = folder / "model_meta.json"
    meta = json.loads(path.read_text())
    names = list(meta["metrics"]["per_hospital"])
    row = [0.5] * len(names)
    ends = [[0.4, 0.6]] * len(names)
    meta["cross_matrix"] = {
        "round": 2,
        "reason": None,
        "models": names,
        "hospitals": names,
        "samples": [20] * len(names),
        "test_accuracy": [[0.123, *row[1:]], *[row] * (len(names) - 1)],
        "intervals": [ends] * len(names),
        "shared": {"test_accuracy": row, "intervals": ends},
    }
    meta["fine_tuned"] = {"rounds": 3, "per_hospital": {names[0]: {"test_accuracy": 0.987, "n_test": 20}}}
    meta["init"] = {"run": "run-000", "lineage": [{"run": "run-000", "model_sha256": "ab" * 32}]}
    path.write_text(json.dumps(meta))
    said = words(open_page(tmp_path, "analytics", monkeypatch, section="Elsewhere"))
    assert "12.3" in said
    assert "98.7" in said
    assert "Trained on from the model of run-000" in said
