"""``init=run-001``: training that goes on from a finished model, and what is written and refused of it."""

import json

import numpy as np
import pytest
import torch

from common.errors import Interrupted
from common.labels import CLASSES
from server.verify import main as verify

START = ("rounds=1", "in_service=false", "keep_updates=true")


@pytest.fixture
def output(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def first(simulate, output):
    done = simulate(f"output_dir={output}", *START)
    assert done.code == 0, done.err
    return output / "artifacts" / "run-001"


def meta_of(output, run):
    return json.loads((output / "artifacts" / run / "model_meta.json").read_text())


def test_a_run_goes_on_from_a_finished_model_and_says_so(first, simulate, output, capsys):
    done = simulate(f"output_dir={output}", *START, "init=run-001", "train.lr=1e-6")
    assert done.code == 0, done.err
    before, after = meta_of(output, "run-001"), meta_of(output, "run-002")
    assert after["init"] == {
        "run": "run-001",
        "model_sha256": before["sha256"],
        "lineage": [{"run": "run-001", "model_sha256": before["sha256"]}],
    }
    assert "Trained on from the model of run-001" in done.out
    old, new = (
        torch.load(output / "artifacts" / run / "global_model.pth", weights_only=True) for run in ("run-001", "run-002")
    )
    assert np.abs((new["fc.weight"] - old["fc.weight"]).numpy()).max() < 1e-4, "the rate is tiny, so it stays near"
    assert "Trained on from the model of run-001" in (output / "artifacts" / "run-002" / "model_card.md").read_text()
    assert "EVAL006" not in [each["code"] for each in after["warnings"]], "the same split: test slices are new to it"
    assert verify(["run-002", "--output-dir", str(output)]) == 0
    assert "computed anew" in capsys.readouterr().out

    assert simulate(f"output_dir={output}", *START, "init=run-002").code == 0
    assert [each["run"] for each in meta_of(output, "run-003")["init"]["lineage"]] == ["run-002", "run-001"]


def test_with_another_split_test_slices_have_been_trained_on_and_the_run_says_how_many(first, simulate, output):
    done = simulate(f"output_dir={output}", *START, "init=run-001", "data.test_fraction=0.35")
    assert done.code == 0, done.err
    parts = [
        json.loads((output / "artifacts" / run / "dataset_splits.json").read_text()) for run in ("run-001", "run-002")
    ]
    leaked = len(set(parts[0]["train_idx"]) & set(parts[1]["test_idx"]))
    assert leaked
    (caution,) = [each for each in meta_of(output, "run-002")["warnings"] if each["code"] == "EVAL006"]
    assert caution["sentence"].startswith(f"{leaked} test slices")
    assert f"{leaked} test slices" in done.out


def test_a_run_that_is_stopped_goes_on_with_its_first_model_remembered(first, simulate, output, monkeypatch):
    def stopped(self, number, arrays, temperature):
        raise Interrupted("RUN130", "The run was stopped.")

    with monkeypatch.context() as patch:
        patch.setattr("server.federation.rounds.Rounds.test", stopped)
        assert simulate(f"output_dir={output}", *START, "init=run-001").code == 130
    done = simulate(f"output_dir={output}", "resume=run-002", "compute.engine=inprocess", base=False)
    assert done.code == 0, done.err
    assert meta_of(output, "run-002")["init"]["run"] == "run-001"


@pytest.mark.parametrize(
    ("overrides", "code", "says"),
    [
        (["init=run-009"], "RUN001", "run-009"),
        (["init=1e23"], "CONF010", "run-003"),
        (["init=../run-001"], "CONF010", "finished run"),
        (["init=run-001", "strategy=fedbn"], "CONF010", "layers of their own"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_in_one_sentence(simulate, output, overrides, code, says):
    done = simulate(f"output_dir={output}", *overrides)
    assert done.code == 2
    assert done.err.startswith(f"error {code}: ")
    assert says in done.err
    assert done.err.count("\n") == 1
    assert not list(output.glob("artifacts/*"))


def test_a_model_that_was_changed_is_not_trained_on(first, simulate, output):
    path = first / "global_model.pth"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    done = simulate(f"output_dir={output}", *START, "init=run-001")
    assert (done.code, done.err[:15]) == (2, "error LEDGER001")
    assert not (output / "artifacts" / "run-002").exists()


def test_nor_is_one_of_other_classes_or_of_a_run_that_did_not_end(first, simulate, output):
    for name, change, code in (
        ("model_meta.json", {"classes": [*CLASSES, "cyst"]}, "MODEL003"),
        ("status.json", {"state": "failed"}, "MODEL001"),
    ):
        path = first / name
        kept = path.read_text()
        path.write_text(json.dumps(json.loads(kept) | change))
        (first / "ledger.jsonl").rename(first / "moved")
        for holder in ("model_meta.json", "status.json"):
            content = json.loads((first / holder).read_text())
            (first / holder).write_text(json.dumps(content | {"ledger": None}))
        done = simulate(f"output_dir={output}", *START, "init=run-001")
        assert (done.code, done.err.split(":")[0]) == (2, f"error {code}")
        (first / "moved").rename(first / "ledger.jsonl")
        path.write_text(kept)
