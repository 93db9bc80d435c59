"""The main job in one process: what it writes, what it refuses, how it goes on."""

import json
import shutil

import numpy as np
import pytest
import torch

from common.files import sha256_of
from common.labels import LABEL_MAP
from common.metrics.confusion import figures
from common.model.registry import build_model


@pytest.fixture
def output(tmp_path):
    return tmp_path / "results"


def read(path):
    return json.loads(path.read_text())


def test_a_run_leaves_the_whole_contract(simulate, output):
    done = simulate(f"output_dir={output}")
    assert done.code == 0, done.err
    assert "SYNTHETIC" in done.out
    run = output / "artifacts" / "run-001"
    assert {path.name for path in run.iterdir()} >= {
        "status.json",
        "dataset_stats.json",
        "dataset_splits.json",
        "training_history.json",
        "model_meta.json",
        "label_map.json",
        "config.yaml",
        "global_model.pth",
    }
    assert not (run / "checkpoint.pth").exists()
    assert read(run / "label_map.json") == LABEL_MAP
    status, meta, history = (read(run / f"{n}.json") for n in ("status", "model_meta", "training_history"))
    assert (status["state"], status["round"], status["synthetic"]) == ("completed", 2, True)
    assert [row["epoch"] for row in history] == [1, 2]
    assert all(row["replied"] == status["hospitals"] and not row["failed"] for row in history)
    assert meta["sha256"] == sha256_of(run / "global_model.pth")
    assert meta["best_epoch"] == max(history, key=lambda row: (row["val_accuracy"], -row["val_loss"]))["epoch"]
    for name in ("global_model.pth", "label_map.json", "model_meta.json"):
        assert (output / "models" / name).read_bytes() == (run / name).read_bytes()
    build_model().load_state_dict(torch.load(run / "global_model.pth", weights_only=True), strict=True)
    log = (output / status["log"]).read_text()
    assert "Phantom Kolkata | trained" in log
    assert "round 2 done" in log


def test_figures_and_splits_agree_with_each_other(simulate, output):
    assert simulate(f"output_dir={output}", "rounds=1").code == 0
    run = output / "artifacts" / "run-001"
    stats, splits, meta = (read(run / f"{n}.json") for n in ("dataset_stats", "dataset_splits", "model_meta"))
    row = read(run / "training_history.json")[0]
    parts = [np.array(part["val_confusion_matrix"]) for part in row["hospitals"].values()]
    assert row["val_confusion_matrix"] == sum(parts).tolist()
    assert row["val_accuracy"] == figures(sum(parts)).accuracy
    tests = [np.array(h["confusion_matrix"]) for h in meta["metrics"]["per_hospital"].values()]
    assert meta["metrics"]["confusion_matrix"] == sum(tests).tolist()
    for name, own in meta["metrics"]["per_hospital"].items():
        bins = own["likeness"]["bins"]
        assert sum(each["slices"] for each in bins) == own["n_test"], name
        assert sum(each["right"] for each in bins) == np.trace(np.array(own["confusion_matrix"])), name
    told = meta["metrics"]["likeness"]
    assert sorted(told["hospitals"] + told["left_out"]) == sorted(meta["metrics"]["per_hospital"])
    everything = splits["train_idx"] + splits["val_idx"] + splits["test_idx"]
    assert len(everything) == len(set(everything)) == meta["total_samples"]
    for name, own in splits["hospitals"].items():
        assert sum(stats[name]["split_counts"]["train"].values()) == len(own["train_idx"])
        assert {own["offset"] + i for i in own["test_idx"]} <= set(splits["test_idx"])
    text = "".join(path.read_text() for path in run.glob("*.json"))
    assert not [suffix for suffix in (".png", ".jpg") if f'{suffix}"' in text], "a file name left its hospital"


def test_one_seed_gives_one_result(simulate, output):
    for _ in range(2):
        assert simulate(f"output_dir={output}", "rounds=1").code == 0
    assert simulate(f"output_dir={output}", "rounds=1", "seed=43").code == 0
    first, second, other = (sha256_of(output / "artifacts" / f"run-00{n}" / "global_model.pth") for n in (1, 2, 3))
    assert first == second != other


@pytest.mark.parametrize(
    ("overrides", "code", "says"),
    [
        (["data.root=/nowhere"], "DATA001", "/nowhere/dataset-1"),
        (["rounds=0"], "CONF010", "rounds"),
        (["rouds=3"], "CONF001", "did you mean 'rounds'"),
        (["rounds=many"], "CONF004", "whole number"),
        (["hospitals=[phantom_jaipur]"], "CONF008", "at least two"),
        (["hospitals=[phantom_jaipur,phantom_delhi]"], "CONF005", "phantom_delhi"),
        (["output_dir=/proc/nowhere"], "OUT001", "output_dir"),
        (["resume=run-001"], "RUN005", "keeps its settings"),
        (["compute.device=cuda"], "DEV001", "CUDA"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(simulate, output, overrides, code, says):
    if "cuda" in overrides[0] and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    done = simulate(f"output_dir={output}", *overrides)
    assert done.code == 2
    assert done.err.startswith(f"error {code}: ")
    assert says in done.err
    assert done.err.count("\n") == 1
    assert not list(output.glob("artifacts/*"))


def test_resuming_what_is_not_there_is_refused(simulate, output):
    done = simulate("resume=run-009", f"output_dir={output}", base=False)
    assert (done.code, done.err[:12]) == (2, "error RUN001")


def test_a_hospital_of_text_files_or_of_nothing_is_refused(simulate, output, phantoms, tmp_path):
    root = tmp_path / "bad"
    shutil.copytree(phantoms, root)
    shutil.rmtree(root / "dataset-2")
    (root / "dataset-2" / "notes").mkdir(parents=True)
    (root / "dataset-2" / "notes" / "a.txt").write_text("no image")
    shutil.rmtree(root / "dataset-3")
    (root / "dataset-3").mkdir()
    done = simulate(f"output_dir={output}", f"data.root={root}")
    assert done.code == 2
    assert "dataset-2" in done.err
    assert "dataset-3" in done.err
    assert not list(output.glob("artifacts/*"))


def test_too_few_slices_to_train_on_is_the_hospitals_own_sentence(simulate, output, tmp_path, phantoms):
    root = tmp_path / "thin"
    shutil.copytree(phantoms, root)
    images = sorted(path for path in (root / "dataset-2").rglob("*") if path.suffix in (".png", ".jpg"))
    for path in images[1:]:
        path.unlink()
    done = simulate(f"output_dir={output}", f"data.root={root}")
    assert done.code == 2
    assert "DATA020" in done.err
    assert not list(output.glob("artifacts/*")), "nothing was computed, so nothing may stay"
