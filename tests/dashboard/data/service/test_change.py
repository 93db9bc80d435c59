from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from common.artifacts.external.load import Evaluation
from common.artifacts.load import load_run
from common.artifacts.schema import Run
from dashboard.data.compared import differences
from dashboard.data.service import change as model_change
from tests.support.run_files import write_json, write_run

SHA = "0" * 64


def compared(of: str, other: str, difference: float = 0.1, **changes: Any) -> Evaluation:
    body = {
        "cases": 60,
        "only_this": 8,
        "only_reference": 2,
        "accuracy": 0.9,
        "reference_accuracy": 0.9 - difference,
        "difference": difference,
        "interval": [difference - 0.05, difference + 0.05],
        "mcnemar_p": 0.1,
    }
    slices = {**body, "per_class": {"glioma": body}}
    comparison = {"with": other, "model_sha256": SHA, "slices": slices, "patients": slices}
    return Evaluation(
        "evaluation-001", {"of": of, "model_sha256": SHA, "comparison": comparison} | changes, (), frozenset()
    )


def pair(tmp_path: Path, best: float = 0.5):  # type: ignore[no-untyped-def]
    return load_run(write_run(tmp_path, "run-002", best=best)), load_run(write_run(tmp_path, "run-001", best=0.9))


def without_bootstrap(run: Run) -> Run:
    """The run with its confusion matrices alone, of 80 slices."""
    metrics = {key: value for key, value in run.metrics.items() if key != "intervals"}
    return replace(run, meta={**run.meta, "metrics": metrics})


def test_an_evaluation_of_both_pairs_them(tmp_path: Path) -> None:
    candidate, served = pair(tmp_path)
    found = model_change.compare(candidate, served, [compared("run-002", "run-001")], same_slices=True)
    assert found.kind == model_change.PAIRED
    assert (found.rows[0].served, found.rows[0].candidate, found.rows[0].change) == (
        "80.0 %",
        "90.0 %",
        "+10.0 pp (+5.0 to +15.0)",
    )
    assert found.rows[1].name == "Recall, Glioma"
    assert model_change.sentence(found) == "run-002 is 10.0 points better on the same 60 slices."


def test_an_evaluation_the_other_way_round_is_turned(tmp_path: Path) -> None:
    candidate, served = pair(tmp_path)
    found = model_change.compare(candidate, served, [compared("run-001", "run-002")], same_slices=False)
    assert found.rows[0].change == "-10.0 pp (-15.0 to -5.0)"
    assert model_change.sentence(found) == "run-002 is 10.0 points worse on the same 60 slices."


def test_an_evaluation_of_other_weights_pairs_nothing(tmp_path: Path) -> None:
    candidate, served = pair(tmp_path)
    for evaluation in (compared("run-002", "run-009"), compared("run-002", "run-001", model_sha256="1" * 64)):
        assert not model_change.evaluated(candidate, served, [evaluation])


def test_the_same_slices_without_pairs_are_said_to_be_unpaired(tmp_path: Path) -> None:
    candidate, served = (without_bootstrap(run) for run in pair(tmp_path, best=0.85))
    found = model_change.compare(candidate, served, [], same_slices=True)
    assert found.kind == model_change.UNPAIRED
    assert found.how.startswith("Unpaired")
    assert "not distinguishable" in found.rows[0].change
    assert model_change.sentence(found) == (
        "run-002 is 5.0 points worse on the same 80 slices, which 80 slices cannot show."
    )
    worse = load_run(write_run(tmp_path, "run-003", best=0.4))
    found = model_change.compare(worse, served, [], same_slices=True)
    assert model_change.sentence(found) == "run-003 is 50.0 points worse on the same 80 slices."
    assert "not distinguishable" not in found.rows[0].change


def test_other_slices_cannot_be_compared(tmp_path: Path) -> None:
    candidate, served = pair(tmp_path)
    found = model_change.compare(candidate, served, [], same_slices=False)
    assert [row.change for row in found.rows[:5]] == [model_change.NOT_COMPARED] * 5
    assert found.difference is None
    assert "nobody can say" in model_change.sentence(found)


def test_what_is_no_figure_stands_beside(tmp_path: Path) -> None:
    candidate, served = pair(tmp_path)
    (served.folder / "global_model.pth").write_bytes(b"1234")
    rows = {row.name: row for row in model_change.compare(candidate, served, [], same_slices=True).rows}
    assert (rows["Weights' file"].served, rows["Weights' file"].candidate) == ("4 B", "–")
    assert rows["Image size"].change == rows["Hospitals"].change == "the same"
    assert rows["Calibration error"].change == "+0.0 points"
    assert rows["Sent in training"].served.endswith("GB")


def same_test(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return model_change.same_test(differences.tested_slices(one), differences.tested_slices(other))


def test_the_same_test_is_all_hospitals_on_the_same_slices() -> None:
    body = {"files_sha256": "a", "test_idx": [1]}
    one = {"hospitals": {"A": body, "B": body}}
    assert same_test(one, one)
    assert not same_test(one, {"hospitals": {"A": body}})
    assert not same_test(one, {"hospitals": {"A": body, "B": body | {"test_idx": [2]}}})
    assert not same_test({}, {})


def test_splits_are_read_only_where_seed_and_size_agree(tmp_path: Path) -> None:
    candidate, served = pair(tmp_path)
    assert model_change.likely_alike(candidate, served)
    write_json(candidate.folder / "model_meta.json", {**candidate.meta, "seed": 7})
    assert not model_change.likely_alike(load_run(candidate.folder), served)
