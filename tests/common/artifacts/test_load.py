from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from common.artifacts.load import list_runs, load_card, load_run, load_settings, load_splits, run_stamp, stamp
from common.artifacts.words import POOLED, no_shared_model
from tests.support.run_files import HOSPITALS, write_json, write_run, write_version_one


def sentences(folder: Path) -> str:
    return " ".join(problem.sentence for problem in load_run(folder).problems)


def test_a_completed_run_is_read_whole(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, done=4, drop=2))
    assert run.problems == ()
    assert (run.state, run.synthetic, run.strategy) == ("completed", True, "fedavg")
    assert run.hospital_names == tuple(sorted(HOSPITALS))
    assert run.status.missing_hospitals == ("Phantom Kolkata",)
    assert run.status.versions["flwr"] == "1.41.0"
    assert [round_.number for round_ in run.rounds] == [1, 2, 3, 4]
    second = run.rounds[1]
    assert second.failed[0].reason == "no answer within 60 s"
    assert "Phantom Kolkata" not in second.hospitals
    assert second.bytes_total == 4 * 44_800_000
    assert run.metrics["test_accuracy"] == pytest.approx(0.89)


def test_the_best_round_is_not_the_last(tmp_path: Path) -> None:
    best = load_run(write_run(tmp_path, done=4)).best_round
    assert best is not None
    assert best.number == 3


def test_version_one_has_no_state_and_its_test_lies_in_models(tmp_path: Path) -> None:
    run = load_run(write_version_one(tmp_path))
    assert run.problems == ()
    assert (run.state, run.synthetic, run.strategy) == ("unrecorded", False, None)
    assert run.metrics["test_accuracy"] > 0
    assert run.rounds[0].val_macro_f1 is None
    assert run.rounds[0].hospitals == {}
    assert run.hospitals["Phantom Jaipur"].split_counts == {}


def test_a_meta_of_another_run_is_not_taken_for_version_ones(tmp_path: Path) -> None:
    folder = write_version_one(tmp_path)
    meta = tmp_path / "models" / "model_meta.json"
    body = json.loads(meta.read_text())
    body["metrics"]["best_val_accuracy"] += 0.001
    write_json(meta, body)
    assert load_run(folder).meta == {}


def test_a_run_that_has_just_started_has_no_problems(tmp_path: Path) -> None:
    folder = tmp_path / "artifacts" / "run-001"
    write_json(folder / "status.json", {"state": "running", "round": 0, "rounds": 5})
    run = load_run(folder)
    assert (run.state, run.rounds, run.problems) == ("running", (), ())


@pytest.mark.parametrize("name", ["status.json", "dataset_stats.json", "training_history.json", "model_meta.json"])
@pytest.mark.parametrize("content", [b"", b'[{"epoch": 1, "val_', b"\xff\xfe\x00", b"42", b'"text"', b"[[[[", b"null"])
def test_whatever_a_file_holds_the_rest_is_shown(tmp_path: Path, name: str, content: bytes) -> None:
    folder = write_run(tmp_path)
    (folder / name).write_bytes(content)
    run = load_run(folder)
    assert name in sentences(folder)
    if name != "training_history.json":
        assert len(run.rounds) == 4
    if name != "dataset_stats.json":
        assert len(run.hospitals) == 3


def test_half_a_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    path = folder / "training_history.json"
    path.write_text(path.read_text()[:-40])
    (problem,) = load_run(folder).problems
    assert problem.sentence.startswith("training_history.json is not valid JSON (line 1)")


def test_missing_files_are_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    for name in ("training_history.json", "model_meta.json", "dataset_stats.json"):
        (folder / name).unlink()
    said = sentences(folder)
    assert "training_history.json is not there" in said
    assert "model_meta.json is not there although the run completed" in said
    assert "dataset_stats.json is not there" in said


@pytest.mark.parametrize("value", [93.5, -0.1, "0.9", True, [0.9]])
def test_a_value_that_is_no_fraction_is_left_out_and_said(tmp_path: Path, value: object) -> None:
    folder = write_run(tmp_path, done=2)
    rows = json.loads((folder / "training_history.json").read_text())
    rows[1]["val_accuracy"] = value
    write_json(folder / "training_history.json", rows)
    run = load_run(folder)
    assert run.rounds[1].val_accuracy is None
    assert "round 2: val_accuracy is no fraction" in run.problems[0].sentence


def test_nan_and_infinity_are_missing_values(tmp_path: Path) -> None:
    folder = write_run(tmp_path, done=1)
    (folder / "training_history.json").write_text('[{"epoch": 1, "val_loss": NaN, "train_loss": Infinity}]')
    (round_,) = load_run(folder).rounds
    assert (round_.val_loss, round_.train_loss) == (None, None)


def test_rounds_come_by_number_and_the_later_of_two_counts(tmp_path: Path) -> None:
    folder = write_run(tmp_path, done=1)
    rows = [{"epoch": 2, "val_loss": 1.0}, {"epoch": 1}, {"epoch": 2, "val_loss": 0.5}, {"epoch": "x"}, 7]
    write_json(folder / "training_history.json", rows)
    run = load_run(folder)
    assert [(round_.number, round_.val_loss) for round_ in run.rounds] == [(1, None), (2, 0.5)]
    assert "entry 4 names no round" in sentences(folder)


@pytest.mark.parametrize("location", [None, [91, 0], [1], ["a", "b"], [1, 2, 3], [float("nan"), 0]])
def test_a_location_that_is_none_is_left_off_the_map(tmp_path: Path, location: object) -> None:
    folder = write_run(tmp_path)
    body = json.loads((folder / "dataset_stats.json").read_text())
    body["Phantom Jaipur"]["location"] = location
    write_json(folder / "dataset_stats.json", body)
    run = load_run(folder)
    assert run.hospitals["Phantom Jaipur"].location is None
    assert "'Phantom Jaipur' has no usable location" in sentences(folder)


def test_runs_are_listed_by_number_newest_first(tmp_path: Path) -> None:
    for name in ("run-002", "run-010", "run-1000", "other", "run-x", "run-001"):
        (tmp_path / "artifacts" / name).mkdir(parents=True)
    (tmp_path / "artifacts" / "run-003").write_text("a file")
    assert list_runs(tmp_path) == ["run-1000", "run-010", "run-002", "run-001"]
    assert list_runs(tmp_path / "nowhere") == []


def test_the_stamp_changes_when_a_file_does(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    before = run_stamp(folder)
    assert before == run_stamp(folder)
    os.utime(folder / "status.json", ns=(1, 1))
    assert run_stamp(folder) != before
    (missing,) = stamp(tmp_path / "none")
    assert missing[1:] == (0, -1)


def test_settings_come_from_the_yaml_else_from_the_meta(tmp_path: Path) -> None:
    folder = write_run(tmp_path, lr=3e-4)
    (folder / "config.yaml").write_text("rounds: 7\ntrain:\n  lr: 0.0003\n")
    assert load_settings(folder) == ({"rounds": 7, "train": {"lr": 0.0003}}, ())
    (folder / "config.yaml").unlink()
    assert load_settings(folder)[0]["train"]["lr"] == 3e-4
    (folder / "config.yaml").write_text("a: [1, \n b: {")
    settings, (problem,) = load_settings(folder)
    assert settings["seed"] == 42
    assert "config.yaml cannot be read" in problem.sentence


def test_yaml_never_builds_objects(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    (folder / "config.yaml").write_text("!!python/object/apply:os.system ['touch pwned']")
    settings, (problem,) = load_settings(folder)
    assert "config.yaml cannot be read" in problem.sentence
    assert settings["seed"] == 42


def test_splits_are_read_apart(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    assert load_splits(folder)[0] == {}
    write_json(folder / "dataset_splits.json", {"train_idx": [0, 1]})
    assert load_splits(folder) == ({"train_idx": [0, 1]}, ())


def test_what_a_run_is_stands_in_its_own_words(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "run-001", strategy="pooled", pooled=True)
    run = load_run(folder)
    assert (run.pooled, run.notice, run.no_shared_model) == (True, POOLED, None)
    run = load_run(write_run(tmp_path, "run-002", strategy="local", keeps="everything"))
    assert (run.pooled, run.notice, run.no_shared_model) == (False, None, no_shared_model("everything"))
    run = load_run(write_run(tmp_path, "run-003"))
    assert (run.pooled, run.notice, run.no_shared_model) == (False, None, None)


def test_a_model_card_is_read_as_it_stands(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    assert load_card(folder) is None, "older runs wrote none"
    (folder / "model_card.md").write_bytes("# टाटा\r\n".encode())
    assert load_card(folder) == "# टाटा\r\n".encode()
