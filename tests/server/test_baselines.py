"""``strategy=fedbn``, ``local`` and ``pooled``, whole: what travels, what is written, how they go on, what is equal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from clients import app as module
from common.artifacts.service import put_in_service
from common.artifacts.service_history import run_in_service
from common.artifacts.words import POOLED
from common.files import sha256_of
from common.model.registry import build_model
from common.protocol import names as wire
from tests.support.hospitals import unpacked
from tests.support.service_runs import completed_run

CONTRACT = {
    "status.json",
    "dataset_stats.json",
    "dataset_splits.json",
    "training_history.json",
    "model_meta.json",
    "label_map.json",
    "config.yaml",
}
MODEL = build_model()
BATCH_NORM = {
    f"{layer}.{name}"
    for layer, part in MODEL.named_modules()
    if isinstance(part, nn.BatchNorm2d)
    for name in part.state_dict()
}


def tensors(message) -> set[str]:
    """The names of the tensors that a message carries."""
    return set(unpacked(message.content)) if wire.ARRAYS in message.content else set()


@pytest.fixture
def messages(monkeypatch):
    """Every message of the runs of a test: kind, partition, names of the tensors there and back, the config."""
    seen: list[tuple[str, int, set[str], set[str], dict]] = []
    make = module.make_client_app

    def make_watched(sites):
        app = make(sites)

        def answer(message, context):
            there = tensors(message)
            assert all(isinstance(name, str) for record in message.content.values() for name in record)
            reply = app(message, context)
            back = tensors(reply)
            config = dict(message.content[wire.CONFIG])
            seen.append((message.metadata.message_type, context.node_config["partition-id"], there, back, config))
            return reply

        return answer

    monkeypatch.setattr(module, "make_client_app", make_watched)
    return seen


def read(output: Path, name: str, run: str = "run-001"):
    return json.loads((output / "artifacts" / run / f"{name}.json").read_text())


def kept_files(tmp_path: Path, hospital: str = "*") -> dict[str, str]:
    """What hospitals keep, by hospital, file and hash."""
    found = (tmp_path / "cache" / "runs").glob(f"*/{hospital}/*.pth")
    return {f"{path.parent.name}/{path.name}": sha256_of(path) for path in sorted(found)}


def figures_of(output: Path, run: str) -> list:
    """A run's figures without clock and token."""
    rows = read(output, "training_history", run)
    for row in rows:
        for part in [row, row.get("pooled", {}), *row["hospitals"].values()]:
            for name in ("started_at", "seconds", "train_seconds", "val_seconds"):
                part.pop(name, None)
    return [rows, read(output, "model_meta", run)["metrics"]]


def break_off(monkeypatch, number: int) -> None:
    """Let every hospital refuse to validate a round."""
    make = module.make_client_app

    def make_failing(sites):
        app = make(sites)

        def answer(message, context):
            if message.metadata.message_type == "evaluate" and message.content[wire.CONFIG][wire.ROUND] == number:
                raise RuntimeError("out of luck")
            return app(message, context)

        return answer

    monkeypatch.setattr(module, "make_client_app", make_failing)


def test_fedbn_sends_no_normalisation_either_way(simulate, tmp_path, messages):
    done = simulate("strategy=fedbn", f"output_dir={tmp_path}")
    assert done.code == 0, done.err
    assert [kind for kind, *_ in messages].count("evaluate") == 12  # two rounds, the temperature, the test
    for kind, _, there, back, _ in messages:
        assert not BATCH_NORM & (there | back)
        assert there == (set() if kind.startswith("query") else set(MODEL.state_dict()) - BATCH_NORM)
        assert back == (there if kind == "train" else set())
    run = tmp_path / "artifacts" / "run-001"
    assert {path.name for path in run.iterdir()} >= CONTRACT
    assert not list(run.glob("*.pth")), "a model without its normalisation is none"
    meta = read(tmp_path, "model_meta")
    assert "own normalisation layers" in meta["no_shared_model"]
    assert (meta["sha256"], meta["strategy"], meta["pooled"]) == (None, "fedbn", False)
    assert "fedbn, model of round" in " ".join(done.out.split())
    assert "There is no global model" in done.out
    assert not (tmp_path / "models" / "global_model.pth").exists()
    own_models_differ_in_normalisation_alone(tmp_path, meta["personal_models"])


def own_models_differ_in_normalisation_alone(tmp_path: Path, said: dict) -> None:
    """Each hospital's whole model lies where the run says, and loads."""
    folder, (number,) = said["folder"], set(said["best_epochs"].values())
    states = [
        torch.load(tmp_path / "cache" / folder / key / f"model-round-{number:04d}.pth", weights_only=True)
        for key in ("phantom_jaipur", "phantom_hyderabad", "phantom_kolkata")
    ]
    for state in states:
        build_model().load_state_dict(state, strict=True)
    for name in MODEL.state_dict():
        alike = all(torch.equal(states[0][name], state[name]) for state in states[1:])
        # a counter counts steps, which hospitals of one size share
        assert alike == (name not in BATCH_NORM) or name.endswith("num_batches_tracked"), name


@pytest.mark.parametrize(("strategy", "rounds"), [("fedbn", 3), ("local", 2), ("pooled", 2)])
def test_a_run_that_broke_off_goes_on_to_the_same_figures_to_the_bit(simulate, tmp_path, monkeypatch, strategy, rounds):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    settings = (f"strategy={strategy}", f"rounds={rounds}")
    assert simulate(*settings, f"output_dir={whole}", f"data.cache_dir={whole}/cache").code == 0
    with monkeypatch.context() as patch:
        break_off(patch, rounds)
        done = simulate(*settings, f"output_dir={broken}", f"data.cache_dir={broken}/cache")
    assert (done.code, "RUN013" in done.err) == (1, True)
    assert read(broken, "status")["round"] == rounds - 1
    done = simulate("resume=run-001", f"output_dir={broken}", base=False)
    assert done.code == 0, done.err
    assert figures_of(broken, "run-001") == figures_of(whole, "run-001")
    assert kept_files(broken) == kept_files(whole)
    assert bool(kept_files(whole)) == (strategy != "pooled")
    models = [output / "artifacts/run-001/global_model.pth" for output in (whole, broken)]
    assert [path.exists() for path in models] == [strategy == "pooled"] * 2
    if strategy == "pooled":
        assert sha256_of(models[0]) == sha256_of(models[1])


def test_a_hospital_that_lost_what_it_kept_is_named_and_no_other_weights_take_its_place(
    simulate, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        break_off(patch, 2)
        assert simulate("strategy=fedbn", f"output_dir={tmp_path}").code == 1
    (lost,) = (tmp_path / "cache" / "runs").glob("*/phantom_kolkata/normalisation-round-0001.pth")
    lost.unlink()
    done = simulate("resume=run-001", f"output_dir={tmp_path}", base=False)
    assert done.code == 0, done.err
    row = read(tmp_path, "training_history")[1]
    assert row["replied"] == ["Phantom Jaipur", "Phantom Hyderabad"]
    assert [(f["hospital"], f["phase"]) for f in row["failed"]] == [
        ("Phantom Kolkata", "train"),
        ("Phantom Kolkata", "evaluate"),
    ]
    assert all("STORE002" in failure["reason"] for failure in row["failed"])


def test_local_sends_nothing_of_the_model_and_tests_each_at_its_own_best(simulate, tmp_path, messages):
    done = simulate("strategy=local", f"output_dir={tmp_path}", "rounds=3", "train.lr=3e-3")
    assert done.code == 0, done.err
    assert not any(there | back for _, _, there, back, _ in messages)
    rows, meta = read(tmp_path, "training_history"), read(tmp_path, "model_meta")
    assert all(row["bytes_down"] == row["bytes_up"] == 0 for row in rows)
    assert all(row["replied"] == row["asked"] == list(row["hospitals"]) for row in rows)
    best = {
        name: max(rows, key=lambda row: (row["hospitals"][name]["val_accuracy"], -row["hospitals"][name]["val_loss"]))
        for name in rows[0]["hospitals"]
    }
    assert meta["personal_models"]["best_epochs"] == {name: row["epoch"] for name, row in best.items()}
    tests = [(node, config) for kind, node, _, _, config in messages if kind == "evaluate"][-3:]
    names = list(rows[0]["hospitals"])
    assert {names[node]: config[wire.LOCAL_ROUND] for node, config in tests} == meta["personal_models"]["best_epochs"]
    assert "each hospital trained alone" in meta["no_shared_model"]
    assert not list((tmp_path / "artifacts" / "run-001").glob("*.pth"))
    files = kept_files(tmp_path)
    assert len(files) == 3, "of each hospital the best alone, when the run is over"
    assert "local, each hospital's own model of its own best round" in " ".join(done.out.split())


def test_pooled_trains_once_for_all_and_says_so_everywhere(simulate, tmp_path, messages):
    completed_run(tmp_path)
    put_in_service(tmp_path, "run-001", reason="a test", by="a test")
    done = simulate("strategy=pooled", f"output_dir={tmp_path}")
    assert done.code == 0, done.err
    assert POOLED in done.out
    assert "was not put in service: POOLED" in done.out
    assert [kind for kind, *_ in messages] == [
        *(["query"] * 3 + ["query.fingerprints"] * 3),
        *((["train"] + ["evaluate"] * 3) * 2 + ["evaluate"] * 3),  # two rounds, and whether the temperature helps
        *(["evaluate.familiarity"] * 6 + ["evaluate"] * 3),
    ]
    assert run_in_service(tmp_path) == "run-001"
    status, meta, rows = (read(tmp_path, name, "run-002") for name in ("status", "model_meta", "training_history"))
    for said in (status, meta):
        assert (said["pooled"], said["notice"]) == (True, POOLED)
    assert f"WARNING server | {POOLED}" in (tmp_path / status["log"]).read_text()
    for row in rows:
        assert (row["asked"], row["replied"], row["failed"]) == ([], [], [])
        assert row["train_loss"] == row["pooled"]["train_loss"] > 0
        assert row["train_accuracy"] == row["pooled"]["train_accuracy"]
        assert row["pooled"]["train_samples"] == meta["train_samples"]
        assert row["pooled"]["hospitals"] == status["hospitals"]
        assert sum(part["val_samples"] for part in row["hospitals"].values()) == meta["val_samples"]
    assert status["missing_hospitals"] == meta["missing_hospitals"] == []
    state = torch.load(tmp_path / "artifacts/run-002/global_model.pth", weights_only=True)
    build_model().load_state_dict(state, strict=True)
    assert not re.search(r"\d of 3", done.out)


def test_all_have_one_split_and_one_number_of_steps_and_begin_alike(simulate, tmp_path):
    steps, splits, parts = {}, {}, {}
    for number, strategy in enumerate(("fedavg", "fedbn", "local", "pooled"), start=1):
        done = simulate(
            f"strategy={strategy}", f"output_dir={tmp_path}", "rounds=1", "train.batch_size=5", "train.softmax=plain"
        )
        assert done.code == 0, done.err
        split, (row,) = (read(tmp_path, name, f"run-00{number}") for name in ("dataset_splits", "training_history"))
        split.pop("split_date")
        splits[strategy], parts[strategy] = split, row["hospitals"]
        trained = [row["pooled"]] if "pooled" in row else row["hospitals"].values()
        steps[strategy] = sum(part["train_steps"] for part in trained)
    assert steps["fedbn"] == steps["local"] == steps["pooled"] == steps["fedavg"]
    assert steps["fedavg"] > -(-len(splits["fedavg"]["train_idx"]) // 5), "more than one loader would take by itself"
    assert splits["fedbn"] == splits["local"] == splits["pooled"] == splits["fedavg"]
    for name, part in parts["fedavg"].items():
        same = [
            parts[strategy][name][key] for strategy in ("fedbn", "local") for key in ("train_loss", "train_accuracy")
        ]
        assert same == [part["train_loss"], part["train_accuracy"]] * 2, "a first round differs in what follows it"
