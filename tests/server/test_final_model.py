"""``train.on=all``, whole: what trains, whose figures stand where, what is refused, and how such a run goes on."""

import json
import shutil
from pathlib import Path

import pytest

from common.artifacts.layout import RunFolder
from common.artifacts.load import load_run
from common.artifacts.service_history import meta_in_service
from common.dossier.evidence import read_evidence
from common.dossier.recompute import wrong_figures
from common.errors import RunError
from common.files import sha256_of
from server.federation.rounds import Rounds
from server.verify import main as verify
from tests.server.test_evaluate import evaluate, figures_of, output  # noqa: F401
from tests.support.separate import KEYS, Line, Separate

FINAL = ("train.on=all", "figures_of=run-001")
PRIVATE = (
    *("privacy=dp_sgd", "privacy.delta=1e-3", "privacy.epsilon=20"),
    *("privacy.steps=1", "privacy.patients_per_step=2", "privacy.views=1"),
)
TWO = "hospitals=[phantom_jaipur,phantom_hyderabad]"
SAID = (
    "Final model: it trained on every usable slice, so none is left to test it on. Its figures are those of its "
    "recipe, measured with run-001 on slices that this model has since been trained on."
)


def read(folder: Path, name: str, run: str = "run-002"):
    return json.loads((folder / "artifacts" / run / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def final(kept, simulate, tmp_path):
    """A finished run and a final model of its recipe, trained once; what another run says beside them."""

    def run(*settings: str, to: Path = tmp_path):
        return simulate(f"output_dir={to}", "data.max_per_class=8", *settings)

    if not (kept / "artifacts").exists():
        for settings in ((), (*FINAL, "keep_updates=true")):
            done = run(*settings, to=kept)
            assert done.code == 0, done.err
        (kept / "said.txt").write_text(done.out)
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    return run


def test_every_usable_slice_trains_and_the_figures_are_those_of_the_recipe(final, tmp_path):
    before, meta = read(tmp_path, "model_meta", "run-001"), read(tmp_path, "model_meta")
    used = sum(before[f"{part}_samples"] for part in ("train", "val", "test"))
    assert (meta["train_samples"], meta["val_samples"], meta["test_samples"]) == (used, 0, 0)
    for own in read(tmp_path, "dataset_splits")["hospitals"].values():
        assert (own["val_idx"], own["test_idx"], own["patients"]["test"]) == ([], [], 0)
    assert meta["metrics"] == before["metrics"]
    assert meta["metrics_of"] == {"run": "run-001", "model_sha256": before["sha256"], "same_slices": True}
    assert (meta["temperature"], meta["split"]) == (before["temperature"], before["split"])
    assert meta["notice"] == SAID
    assert meta["model_tested"].endswith(" of run-001")
    assert meta["best_epoch"] == 2, "the last round's model is the model"
    assert meta["sha256"] == sha256_of(tmp_path / "artifacts/run-002/global_model.pth") != before["sha256"]


def test_no_round_of_it_is_validated_and_nothing_is_called_its_test(final, tmp_path):
    rows, out = read(tmp_path, "training_history"), (tmp_path / "said.txt").read_text()
    said = " ".join(out.split())
    assert [(row["val_accuracy"], row["val_loss"], row["temperature"]) for row in rows] == [(None,) * 3] * 2
    assert all(row["train_samples"] for row in rows[0]["hospitals"].values())
    assert rows[0]["train_accuracy"] is not None
    assert said.count(SAID) == 2, "when it begins and above the figures"
    assert "no slice is held back" in said
    assert "% while training loss" in said
    assert "testing ..." not in out
    assert "of run-001: percent" in said
    card = (tmp_path / "artifacts/run-002/model_card.md").read_text()
    assert f"**{SAID}**" in card
    assert "- Method: fedavg, model of round 2, the last; every usable slice trained." in card
    assert "looked at once, with the model of run-001, whose recipe this one has" in card
    assert "Every usable slice trained, and none tests this model; the split is that of run-001." in card
    assert "best of 2 rounds" not in card


def test_it_goes_into_use_with_the_sentence_that_says_whose_figures_it_has(final, tmp_path):
    served = meta_in_service(tmp_path)
    assert (served["run_id"], served["notice"]) == ("run-002", SAID)
    assert load_run(tmp_path / "artifacts/run-002").measured_with == "run-001"
    assert load_run(tmp_path / "artifacts/run-001").measured_with is None


def test_its_files_are_those_of_its_ledger_and_its_counts(final, tmp_path, capsys):
    assert verify(["run-002", "--output-dir", str(tmp_path)]) == 0
    assert "2 models computed anew from the updates: the same to the bit." in capsys.readouterr().out
    evidence = read_evidence(tmp_path, "run-002")
    assert [*wrong_figures(evidence)] == []
    assert evidence.test_slices == read(tmp_path, "model_meta", "run-001")["test_samples"]


@pytest.mark.parametrize(
    ("settings", "code", "part"),
    [
        (("train.on=all",), "CONF010", "all beside figures_of=run-###"),
        (("figures_of=run-001",), "CONF010", "null, or a finished run beside train.on=all"),
        (("train.on=all", "figures_of=run-007"), "RUN001", "There is no run 'run-007'"),
        ((*FINAL, "train.lr=1e-2"), "FINAL002", "train.lr=0.001 and this run has 0.01"),
        ((*FINAL, "seed=7"), "FINAL002", "seed=42 and this run has 7"),
        ((*FINAL, TWO), "FINAL002", "run-001 was trained with hospitals="),
        (("train.on=all", "figures_of=run-002"), "FINAL001", "those of run-001; set figures_of=run-001"),
        ((*FINAL, "strategy=fedbn"), "CONF010", "share no whole model"),
        ((*FINAL, "strategy=local"), "CONF010", "share no whole model"),
        ((*FINAL, "cross_matrix=true"), "CONF010", "leaves no slice to test on"),
        ((*FINAL, "fine_tune_rounds=1"), "CONF010", "leaves no slice to test on"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_before_anything_is_written(final, tmp_path, settings, code, part):
    done = final(*settings)
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert done.err.startswith(f"error {code}: ")
    assert part in done.err
    assert not (tmp_path / "artifacts/run-003").exists()


def break_off(monkeypatch, number: int) -> None:
    """Let the server's process end before it combines a round."""
    whole = Rounds.combine

    def breaks(self, at, *values):
        if at == number:
            monkeypatch.setattr(Rounds, "combine", whole)
            raise RunError("RUN020", "A power cut.")
        return whole(self, at, *values)

    monkeypatch.setattr(Rounds, "combine", breaks)


def test_one_that_broke_off_goes_on_to_the_same_weights_to_the_bit(final, simulate, tmp_path, monkeypatch):
    break_off(monkeypatch, 2)
    assert final(*FINAL).code == 1
    (tmp_path / "artifacts/run-001").rename(tmp_path / "artifacts/away")
    done = simulate("resume=run-003", f"output_dir={tmp_path}", base=False)
    assert (done.code, "There is no run 'run-001'" in done.err) == (2, True), "whose figures it is to be given"
    (tmp_path / "artifacts/away").rename(tmp_path / "artifacts/run-001")
    done = final("train.on=all", "figures_of=run-003")
    assert (done.code, "FINAL001: run-003 is not completed" in done.err) == (2, True)
    done = simulate("resume=run-003", f"output_dir={tmp_path}", base=False)
    assert done.code == 0, done.err
    whole, broken = (sha256_of(tmp_path / f"artifacts/{run}/global_model.pth") for run in ("run-002", "run-003"))
    assert whole == broken
    assert read(tmp_path, "model_meta", "run-003")["metrics_of"]["run"] == "run-001"


@pytest.mark.parametrize(
    "settings",
    [
        ("strategy=scaffold",),
        ("strategy=pooled",),
        ("privacy=secagg", "wire=int8"),
        pytest.param(PRIVATE, marks=pytest.mark.slow),
    ],
    ids=lambda settings: settings[0],
)
def test_every_strategy_with_a_shared_model_and_every_protection_ends_and_leaves_nothing_behind(
    simulate, tmp_path, settings
):
    def run(*more):
        done = simulate(f"output_dir={tmp_path}", "data.max_per_class=8", "in_service=false", *settings, *more)
        assert done.code == 0, done.err
        return done

    def kept():
        return sorted(path.name for path in (tmp_path / "cache/runs").glob("*/*/*") if path.suffix == ".pth")

    run()
    before = kept()
    said = " ".join(run(*FINAL).out.split())
    assert SAID in said
    assert kept() == before, "no control variate and no model of a round is left"
    meta, rows = read(tmp_path, "model_meta"), read(tmp_path, "training_history")
    assert meta["metrics"] == read(tmp_path, "model_meta", "run-001")["metrics"]
    assert all(row["val_accuracy"] is None for row in rows)
    assert len(rows) == 2
    assert meta["privacy"]["name"] == read(tmp_path, "model_meta", "run-001")["privacy"]["name"]


def test_on_separate_machines_it_ends_in_the_same_weights_as_simulated(phantoms, tmp_path):
    separate, line = Separate(phantoms, tmp_path), Line()
    separate.run("there", "rounds=2")
    folder = separate.run("there", "rounds=2", *FINAL, line=line)
    assert folder.run_id == "run-002"
    assert [each.kind for each in line.passed if each.round and not each.refused].count("train") == 2 * len(KEYS)
    meta = json.loads(folder.meta.read_text())
    assert (meta["notice"], meta["val_samples"], meta["test_samples"]) == (SAID, 0, 0)


def test_it_is_evaluated_where_it_did_not_train_and_nowhere_else(simulate, evaluate, output):  # noqa: F811
    for settings in ((TWO,), (TWO, *FINAL)):
        done = simulate(f"output_dir={output}", "rounds=1", "in_service=false", *settings)
        assert done.code == 0, done.err
    code, said, error = evaluate("hospitals=[phantom_kolkata]", run="run-002")
    assert code == 0, error
    meta = figures_of(output)
    assert meta["metrics"]["per_hospital"]["Phantom Kolkata"]["n_test"] > 0
    assert meta["internal"]["of"] == "run-001"
    assert "than in run-001's own test" in " ".join(said.split())
    code, _, error = evaluate("hospitals=[phantom_kolkata,phantom_jaipur]", run="run-002")
    assert (code, "FINAL003: run-002 trained on every slice at Phantom Jaipur" in error) == (2, True)
    code, _, error = evaluate("hospitals=[phantom_jaipur]", "compare=run-002")
    assert (code, "FINAL003" in error) == (2, True)


def test_slices_that_changed_since_are_said(final, tmp_path, monkeypatch):
    folder = RunFolder(tmp_path, "run-001")
    splits = json.loads(folder.splits.read_text())
    splits["hospitals"]["Phantom Jaipur"]["files_sha256"] = "0" * 64
    monkeypatch.setattr("common.artifacts.external.recipe.require_verified", lambda folder: None)
    folder.splits.write_text(json.dumps(splits))
    assert final(*FINAL, "rounds=2").code == 0
    meta = read(tmp_path, "model_meta", "run-003")
    assert meta["metrics_of"]["same_slices"] is False
    assert meta["notice"].endswith("measured with run-001 before the hospitals' slices changed.")
