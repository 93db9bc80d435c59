"""``init=synthetic``: a run that starts from weights which saw program-made images and no patient."""

import json
from functools import partial

import pytest
import torch

from common.pretraining.recipe import Recipe
from server.federation import lifecycle, replay
from server.federation.external.warm_start import initial_model
from server.verify import main as verify

TINY = Recipe(images=32, views=64, batch_size=16, threads=1)
START = ("init=synthetic", "rounds=1", "in_service=false", "keep_updates=true")


@pytest.fixture
def output(tmp_path):
    return tmp_path / "results"


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    for module in (lifecycle, replay):
        monkeypatch.setattr(module, "initial_model", partial(initial_model, recipe=TINY))


def test_a_run_starts_from_them_says_so_everywhere_and_can_be_verified(simulate, output, capsys):
    done = simulate(f"output_dir={output}", *START, "train.lr=1e-6")
    assert done.code == 0, done.err
    says = "Starts from weights that saw 32 program-made images, no patient."
    folder = output / "artifacts" / "run-001"
    meta = json.loads((folder / "model_meta.json").read_text())
    assert meta["init"]["synthetic"]["images"] == 32
    assert len(meta["init"]["synthetic"]["recipe"]) == 64
    assert says in done.out
    assert says in (folder / "model_card.md").read_text()
    assert says in next(output.glob("logs/*/training.log")).read_text()
    assert "init=synthetic: making images (32)" in done.out
    assert verify(["run-001", "--output-dir", str(output)]) == 0
    assert "computed anew" in capsys.readouterr().out

    again = simulate(f"output_dir={output}", *START, "seed=3")
    assert again.code == 0, again.err
    assert "making images" not in again.out, "they were kept"
    first, second = (
        torch.load(output / "artifacts" / run / "global_model.pth", weights_only=True) for run in ("run-001", "run-002")
    )
    assert (first["conv1.weight"] - second["conv1.weight"]).abs().max() < 0.05, "both began with the same backbone"


@pytest.mark.parametrize("strategy", ["fedbn", "local"])
def test_hospitals_that_start_from_layers_of_their_own_are_refused(simulate, output, strategy):
    done = simulate(f"output_dir={output}", "init=synthetic", f"strategy={strategy}")
    assert (done.code, done.err.split(":")[0], done.err.count("\n")) == (2, "error CONF010", 1)
    assert "layers of their own" in done.err


def test_ctrl_c_while_they_are_made_leaves_no_run(simulate, output, monkeypatch):
    def stopped(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("common.pretraining.train.Learner.forward", stopped)
    done = simulate(f"output_dir={output}", *START)
    assert done.code == 130
    assert done.err == "error RUN130: Stopped before the run had started; nothing was written of it.\n"
    assert not list(output.glob("artifacts/*"))
    assert not list(output.glob("logs/*"))
