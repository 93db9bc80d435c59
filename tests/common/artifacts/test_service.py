from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
import threading
from pathlib import Path

import pytest
import torch

from common.artifacts import service
from common.artifacts.service import load_service, offer_for_service, put_in_service
from common.artifacts.service_history import read_changes, run_in_service
from common.artifacts.weights import write_weights
from common.artifacts.words import POOLED, no_shared_model
from common.errors import InputError, ProjectError, RunError
from common.files import write_json
from common.model.registry import initial_weights
from tests.support.service_runs import completed_run, meta_of
from tests.support.small_network_row import EVERYWHERE


def promote(output_dir: Path, run_id: str = "run-001", reason: str = "better on glioma") -> None:
    put_in_service(output_dir, run_id, reason=reason, by="a test")


def test_the_three_files_and_one_line_of_history(tmp_path: Path) -> None:
    folder = completed_run(tmp_path)
    promote(tmp_path, reason="better on glioma,\n  see the notes ")
    models = tmp_path / "models"
    for name in ("global_model.pth", "label_map.json", "model_meta.json"):
        assert (models / name).read_bytes() == (folder / name).read_bytes()
    (line,) = (models / "history.jsonl").read_text().splitlines()
    change = json.loads(line)
    assert change["run_id"] == "run-001"
    assert change["previous"] is None
    assert change["reason"] == "better on glioma, see the notes"
    assert change["by"] == "a test"
    assert change["sha256"] == hashlib.sha256((models / "global_model.pth").read_bytes()).hexdigest()
    assert sorted(path.name for path in models.iterdir() if path.suffix == ".tmp") == []


def test_the_previous_run_is_recorded_and_can_come_back(tmp_path: Path) -> None:
    completed_run(tmp_path, "run-001")
    completed_run(tmp_path, "run-002", seed=1)
    for run_id in ("run-001", "run-002", "run-001"):
        promote(tmp_path, run_id)
    changes, unreadable = read_changes(tmp_path)
    assert [(change.run_id, change.previous) for change in changes] == [
        ("run-001", None),
        ("run-002", "run-001"),
        ("run-001", "run-002"),
    ]
    assert unreadable == 0
    assert run_in_service(tmp_path) == "run-001"


@pytest.mark.parametrize("run_id", ["run-009", "../run-001", "run-001/", "run-001\n", "", "run-1", "run-001/../a"])
def test_unknown_runs_and_paths_are_refused(tmp_path: Path, run_id: str) -> None:
    completed_run(tmp_path)
    with pytest.raises(InputError) as caught:
        promote(tmp_path, run_id)
    assert caught.value.code == "RUN001"
    assert not (tmp_path / "models" / "model_meta.json").exists()


@pytest.mark.parametrize("state", ["running", "failed", "interrupted"])
def test_a_run_that_is_not_completed_is_refused(tmp_path: Path, state: str) -> None:
    folder = completed_run(tmp_path)
    write_json(folder / "status.json", {"state": state})
    with pytest.raises(InputError, match=f"not completed \\({state}\\)"):
        promote(tmp_path)


@pytest.mark.parametrize("reason", ["", " \n\t"])
def test_a_reason_is_asked_for(tmp_path: Path, reason: str) -> None:
    completed_run(tmp_path)
    with pytest.raises(InputError) as caught:
        promote(tmp_path, reason=reason)
    assert caught.value.code == "SERVICE001"


@pytest.mark.parametrize("name", ["global_model.pth", "label_map.json", "model_meta.json", "status.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = completed_run(tmp_path)
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"run-001/{name} cannot be read"):
        promote(tmp_path)


@pytest.mark.parametrize("name", ["label_map.json", "model_meta.json", "status.json"])
@pytest.mark.parametrize("content", ["{", "[]", "", "[" * 200_000])
def test_a_malformed_file_is_named(tmp_path: Path, name: str, content: str) -> None:
    folder = completed_run(tmp_path)
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=f"run-001/{name} is no JSON object"):
        promote(tmp_path)


def test_other_classes_are_refused(tmp_path: Path) -> None:
    folder = completed_run(tmp_path)
    write_json(folder / "label_map.json", {"glioma": 1, "meningioma": 0, "pituitary": 2, "notumor": 3})
    with pytest.raises(InputError, match="other classes"):
        promote(tmp_path)


def _rewrite(folder: Path, state: dict[str, torch.Tensor]) -> None:
    meta = json.loads((folder / "model_meta.json").read_text())
    meta["sha256"] = write_weights(folder / "global_model.pth", state)
    write_json(folder / "model_meta.json", meta)


def test_damaged_weights_never_displace_sound_ones(tmp_path: Path) -> None:
    completed_run(tmp_path)
    promote(tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "models").glob("*.*")}
    folder = completed_run(tmp_path, "run-002", seed=1)
    content = bytearray((folder / "global_model.pth").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "global_model.pth").write_bytes(content)
    with pytest.raises(InputError, match="SHA-256"):
        promote(tmp_path, "run-002")
    assert {path.name: path.read_bytes() for path in (tmp_path / "models").glob("*.*")} == before


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    folder = completed_run(tmp_path)
    sound = initial_weights("resnet18", 0)
    for wrong, words in [
        ({**sound, "fc.weight": torch.zeros(5, 64)}, "does not fit"),
        ({name: value for name, value in sound.items() if name != "fc.bias"}, "does not fit"),
        ({**sound, "more": torch.zeros(1)}, "does not fit"),
        ({**sound, "fc.bias": torch.full((4,), float("nan"))}, "not finite"),
    ]:
        _rewrite(folder, wrong)
        with pytest.raises(InputError, match=words):
            promote(tmp_path)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    folder = completed_run(tmp_path)
    trap = tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return Path.touch, (trap,)

    torch.save({"fc.bias": Trap()}, folder / "global_model.pth")
    meta = json.loads((folder / "model_meta.json").read_text())
    meta["sha256"] = hashlib.sha256((folder / "global_model.pth").read_bytes()).hexdigest()
    write_json(folder / "model_meta.json", meta)
    with pytest.raises(InputError, match="damaged or is no file of weights"):
        promote(tmp_path)
    assert not trap.exists()


def test_an_offer_takes_an_empty_place_and_displaces_what_is_like_it(tmp_path: Path) -> None:
    completed_run(tmp_path, "run-001", synthetic=True)
    completed_run(tmp_path, "run-002", synthetic=True, seed=1)
    completed_run(tmp_path, "run-003", seed=2)
    for run_id in ("run-001", "run-002", "run-003"):
        assert offer_for_service(tmp_path, run_id, "server") == f"{run_id} is in service."
        assert meta_of(tmp_path)["run_id"] == run_id


def test_a_synthetic_run_never_displaces_a_real_one(tmp_path: Path) -> None:
    completed_run(tmp_path, "run-001")
    completed_run(tmp_path, "run-002", synthetic=True, seed=1)
    offer_for_service(tmp_path, "run-001", "server")
    sentence = offer_for_service(tmp_path, "run-002", "server")
    assert "run-002 is synthetic, so run-001 stays in service" in sentence
    assert run_in_service(tmp_path) == "run-001"
    promote(tmp_path, "run-002", reason="a demonstration")  # a person may, with a reason
    assert run_in_service(tmp_path) == "run-002"


def test_a_run_without_a_shared_model_is_refused_in_its_own_words(tmp_path: Path) -> None:
    folder = completed_run(tmp_path, sha256=None, no_shared_model=no_shared_model("everything"))
    (folder / "global_model.pth").unlink()
    with pytest.raises(InputError, match=r"SERVICE006: run-001 has no model.*each hospital trained alone"):
        promote(tmp_path)
    assert "was not put in service: run-001 has no model" in offer_for_service(tmp_path, "run-001", "server")
    assert run_in_service(tmp_path) is None


def test_a_pooled_run_goes_in_service_only_by_hand(tmp_path: Path) -> None:
    completed_run(tmp_path, pooled=True, notice=POOLED)
    sentence = offer_for_service(tmp_path, "run-001", "server")
    assert "POOLED, not a federation" in sentence
    assert "server.promote run-001" in sentence
    assert run_in_service(tmp_path) is None, "not even where nothing is in service"
    promote(tmp_path)
    assert run_in_service(tmp_path) == "run-001"
    assert meta_of(tmp_path)["notice"] == POOLED


def test_version_1s_model_counts_as_a_real_one(tmp_path: Path) -> None:
    completed_run(tmp_path, "run-002", synthetic=True)
    (tmp_path / "models").mkdir()
    write_json(tmp_path / "models" / "model_meta.json", {"best_epoch": 10})
    assert "the real model stays in service" in offer_for_service(tmp_path, "run-002", "server")


def test_a_damaged_model_counts_as_a_real_one(tmp_path: Path) -> None:
    completed_run(tmp_path, "run-002", synthetic=True)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "model_meta.json").write_text('{"run_id": "run-001", "synth')
    assert "the real model stays in service" in offer_for_service(tmp_path, "run-002", "server")
    assert not (tmp_path / "models" / "history.jsonl").exists()


def test_an_offer_that_fails_is_a_sentence(tmp_path: Path) -> None:
    folder = completed_run(tmp_path)
    (folder / "global_model.pth").write_bytes(b"junk")
    assert "was not put in service" in offer_for_service(tmp_path, "run-001", "server")
    assert "was not put in service" in offer_for_service(tmp_path, "run-404", "server")


def test_what_is_loaded_is_what_was_put_there(tmp_path: Path) -> None:
    completed_run(tmp_path, seed=5)
    promote(tmp_path)
    loaded = load_service(tmp_path)
    assert loaded.verified
    assert loaded.meta["run_id"] == "run-001"
    expected = initial_weights("resnet18", 5)
    assert set(loaded.weights) == set(expected)
    assert all(torch.equal(loaded.weights[name], expected[name]) for name in expected)


def test_nothing_in_service_is_a_sentence_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"models/global_model\.pth cannot be read"):
        load_service(tmp_path, attempts=1000, pause=10)  # would take hours if it waited


def test_version_1s_weights_load_unverified(tmp_path: Path) -> None:
    completed_run(tmp_path)
    promote(tmp_path)
    write_json(tmp_path / "models" / "model_meta.json", {"best_epoch": 10})
    assert not load_service(tmp_path).verified


def test_a_reader_between_two_files_reads_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    completed_run(tmp_path, "run-001")
    completed_run(tmp_path, "run-002", seed=1)
    promote(tmp_path, "run-001")
    between, go_on = threading.Event(), threading.Event()
    real = service.files.write_bytes

    def slow(path: Path, content: bytes) -> None:
        if path.name == "model_meta.json":
            between.set()
            assert go_on.wait(60)
        real(path, content)

    monkeypatch.setattr(service.files, "write_bytes", slow)
    writer = threading.Thread(target=promote, args=(tmp_path, "run-002"))
    writer.start()
    assert between.wait(60)
    with pytest.raises(InputError, match="SHA-256"):  # never the new weights with the old figures
        load_service(tmp_path, attempts=1)
    monkeypatch.setattr(service.time, "sleep", lambda seconds: (go_on.set(), writer.join(60)))
    assert load_service(tmp_path).meta["run_id"] == "run-002"


def _promote_in_turn(output_dir: Path, run_id: str) -> None:
    for _ in range(3):
        promote(output_dir, run_id)


@pytest.mark.slow
def test_two_processes_at_once_leave_one_whole_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", EVERYWHERE["PYTHONPATH"])
    completed_run(tmp_path, "run-001")
    completed_run(tmp_path, "run-002", seed=1)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_promote_in_turn, args=(tmp_path, run_id)) for run_id in ("run-001", "run-002")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    changes, unreadable = read_changes(tmp_path)
    assert (len(changes), unreadable) == (6, 0)
    assert all(later.previous == earlier.run_id for earlier, later in itertools.pairwise(changes))
    assert load_service(tmp_path, attempts=1).meta["run_id"] == changes[-1].run_id


def test_a_change_under_way_is_waited_for_and_then_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    completed_run(tmp_path)
    promote(tmp_path)
    monkeypatch.setattr(service, "LOCK_SECONDS", 0.0)
    with service._lock(tmp_path), pytest.raises(RunError) as caught:
        promote(tmp_path)
    assert caught.value.code == "SERVICE005"
    promote(tmp_path)


def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    completed_run(tmp_path)

    def full(path: Path, content: bytes) -> None:
        raise RunError("DISK001", "no space")

    monkeypatch.setattr(service.files, "write_bytes", full)
    with pytest.raises(ProjectError, match="make room there and do it again"):
        promote(tmp_path)
    assert not (tmp_path / "models" / "history.jsonl").exists()


def test_a_torn_line_of_history_costs_only_itself(tmp_path: Path) -> None:
    completed_run(tmp_path)
    promote(tmp_path)
    with (tmp_path / "models" / "history.jsonl").open("ab") as file:
        file.write(b'{"at": "2026-')
    promote(tmp_path, reason="again")
    changes, unreadable = read_changes(tmp_path)
    assert [change.reason for change in changes] == ["better on glioma", "again"]
    assert unreadable == 1
