"""A hospital that sends wrong updates through the real code is left out and named, or clipped, named and harmless."""

import json

import numpy as np
import pytest
import torch

from bench._poisons import POISONS, PoisonedApp, Update
from common.artifacts.layout import RunFolder
from common.artifacts.load import load_run
from server import simulate as module

ATTACKER, NAME = 1, "Phantom Hyderabad"


class OneAfterTheOther:
    """Sends another poison in each round."""

    def __init__(self, *poisons: str) -> None:
        self._left = list(poisons)

    def __call__(self, update: Update):
        return POISONS[self._left.pop(0)](update)


@pytest.fixture
def attacked(monkeypatch, simulate, tmp_path):
    """Run a simulation in which one hospital sends a poison a round; return what it printed and its rounds."""

    def run(*poisons: str, overrides: tuple[str, ...] = ()):
        real, poison = module.make_client_app, OneAfterTheOther(*poisons)
        monkeypatch.setattr(module, "make_client_app", lambda sites: PoisonedApp(real(sites), ATTACKER, poison))
        done = simulate(f"output_dir={tmp_path}", f"rounds={len(poisons)}", "strategy.min_hospitals=2", *overrides)
        assert done.code == 0, done.err
        folder = RunFolder(tmp_path, "run-001")
        return done.out, load_run(folder.path).rounds, folder

    return run


def sane(folder: RunFolder) -> None:
    """No tensor of the model is what no training makes."""
    model = torch.load(folder.best_weights, weights_only=True)
    for name, tensor in model.items():
        assert torch.isfinite(tensor).all(), name
        assert float(tensor.abs().max()) < 1e3 or name.endswith("num_batches_tracked"), name
        assert not name.endswith("running_var") or float(tensor.min()) > 0, name


REFUSED = {
    "variance 0": "running_var holds a variance of 0",
    "variance 3e38": "running_var holds a variance of 3e+38",
    "mean 1e30": "running_mean holds a mean of 1e+30",
    "weights 1e30": "as large as",
    "all in one bias": "fc.bias is",
}


def test_what_training_cannot_have_made_is_left_out_and_named(attacked):
    out, rounds, folder = attacked(*REFUSED)
    for round_, (poison, named) in zip(rounds, REFUSED.items(), strict=True):
        assert NAME not in round_.replied, poison
        (failure,) = (each for each in round_.failed if each.hospital == NAME)
        assert named in failure.reason, poison
        assert len(failure.reason) < 140
    assert out.count(f"{NAME} left out of train") == len(REFUSED)
    sane(folder)


def test_so_it_is_with_sgd(attacked):
    poisons = [name for name in REFUSED if name != "all in one bias"]
    sgd = ("train.optimiser=sgd", "train.lr=0.01")
    _, rounds, folder = attacked(*poisons, overrides=sgd)
    for round_, poison in zip(rounds, poisons, strict=True):
        assert REFUSED[poison] in next(each.reason for each in round_.failed if each.hospital == NAME)
    sane(folder)


CLIPPED = ["opposite", "noise", "bias within bounds", "class within bounds", "variances within bounds"]


def test_what_is_within_the_bounds_is_clipped_and_recorded(attacked):
    out, rounds, folder = attacked(*CLIPPED)
    for round_, poison in zip(rounds, CLIPPED, strict=True):
        part = round_.hospitals[NAME]
        assert NAME in round_.replied, poison
        others = [p.update_norm for name, p in round_.hospitals.items() if name != NAME]
        if poison in ("opposite", "noise"):
            assert part.update_norm > 3 * max(others)
            assert part.update_norm * part.update_kept < 1.5 * max(others)
            assert f"{NAME}'s update is" in " ".join(out.split()), poison
    opposite = rounds[0].hospitals[NAME]
    assert opposite.update_cosine < 0
    assert "points away from the others'" in " ".join(out.split())
    sane(folder)


def test_two_hospitals_are_told_that_nothing_protects_them(simulate, tmp_path):
    done = simulate(f"output_dir={tmp_path}", "hospitals=[phantom_jaipur,phantom_kolkata]", "rounds=1")
    assert "With 2 hospitals nothing protects the shared model" in " ".join(done.out.split())
    (row,) = json.loads(RunFolder(tmp_path, "run-001").history.read_text())
    assert {part["update_kept"] for part in row["hospitals"].values()} == {1.0}
    assert all(np.isfinite(part["update_cosine"]) for part in row["hospitals"].values())
