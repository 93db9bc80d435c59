"""A hospital that sends wrong updates through the real code is left out and named, or clipped, named and harmless."""

from dataclasses import replace
from statistics import median

import numpy as np
import pytest
import torch

from bench._poisons import POISONS, PoisonedApp, Update
from clients import app as module
from clients import handlers
from common.artifacts.layout import RunFolder
from common.artifacts.load import load_run
from common.config.strategies import StrategySettings, strategy_plan
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol.postprocess import UnusableAnswer, UpdateContext, chain_of
from common.protocol.steps.clip import lengths, middle, statistics_of
from common.training.optim import rates_of_round
from server.strategies.updates import Updates
from tests.support.sites import PLAN, sites_of, task_of, train_at

ATTACKER, NAME = 1, "Phantom Hyderabad"
REFUSED = {
    "variance 0": "running_var holds a variance of 0",
    "variance 3e38": "running_var holds a variance of 3e+38",
    "mean 1e30": "running_mean holds a mean of 1e+30",
    "weights 1e30": "conv1.weight is",
    "all in one bias": "fc.bias is",
}
OPTIMISERS = {
    "adam": replace(PLAN.train, batch_size=8),
    "sgd": replace(PLAN.train, batch_size=8, optimiser="sgd", lr=0.02),
}
SENT = arrays_from_state(initial_weights("resnet18", 1))


@pytest.fixture(scope="module", params=OPTIMISERS)
def trained(request, phantoms, tmp_path_factory):
    """What three hospitals train with each optimiser, and the plan."""
    plan = replace(PLAN, train=OPTIMISERS[request.param], strategy=strategy_plan(StrategySettings()))
    sites = sites_of(phantoms, tmp_path_factory.mktemp("cache"))
    answers = [(site, *train_at(site, plan, 1, SENT)) for site in sites]
    return plan, [(site, update, result.samples, result.steps) for site, update, result in answers]


def at_the_server(plan, site, update, samples, steps):
    """Send an update through both halves of the chain."""
    packed = handlers.outgoing(site, task_of(plan, 1, SENT), update, samples)
    rates = rates_of_round(plan.train, 1, plan.rounds, steps)
    context = UpdateContext(plan, 1, site.hospital.key, samples, steps, SENT, rates=rates)
    return chain_of(plan).at_server(packed, context)


def poisoned(plan, poison: str, update, steps):
    rates = rates_of_round(plan.train, 1, plan.rounds, steps)
    return POISONS[poison](Update(SENT, update, plan.train, rates))


@pytest.mark.parametrize("poison", POISONS)
def test_each_poison_is_refused_or_no_longer_than_the_median(trained, poison):
    plan, answers = trained
    site, update, samples, steps = answers[ATTACKER]
    wrong = poisoned(plan, poison, update, steps)
    if poison in REFUSED:
        with pytest.raises(UnusableAnswer, match=REFUSED[poison].replace("+", r"\+")) as refusal:
            at_the_server(plan, site, wrong, samples, steps)
        assert len(str(refusal.value)) < 140
        return
    models = [at_the_server(plan, *answer) for answer in answers]
    models[ATTACKER] = at_the_server(plan, site, wrong, samples, steps)
    counts = [answer[2] for answer in answers]
    updates = chain_of(plan).on_round(Updates(["a", "b", "c"], counts, lambda: iter(models)), SENT)
    start = SENT | middle([statistics_of(model) for model in models])
    measured = [lengths(model, start) for model in models]
    found = lengths(list(updates.read())[ATTACKER], start)
    for name, length in found.items():
        assert length <= 1.001 * median(each[name] for each in measured) + 1e-6, name
    mean = updates.weighted_mean(SENT)
    assert all(np.isfinite(array).all() for array in mean.values())
    assert all((array > 0).all() for name, array in mean.items() if name.endswith("running_var"))


def test_a_run_leaves_out_what_cannot_be_and_clips_what_can(monkeypatch, simulate, tmp_path):
    left = ["variance 0", "opposite"]
    real = module.make_client_app
    monkeypatch.setattr(
        module,
        "make_client_app",
        lambda sites: PoisonedApp(real(sites), ATTACKER, lambda update: POISONS[left.pop(0)](update)),
    )
    settings = ("rounds=2", "train.optimiser=sgd", "train.lr=0.02", "strategy.min_hospitals=2")
    done = simulate(f"output_dir={tmp_path}", *settings)
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "With 3 hospitals nothing protects the shared model" in said
    folder = RunFolder(tmp_path, "run-001")
    first, second = load_run(folder.path).rounds
    assert (NAME in first.replied, NAME in second.replied) == (False, True)
    (failure,) = (each for each in first.failed if each.hospital == NAME)
    assert "running_var holds a variance of 0" in failure.reason
    assert f"{NAME} left out of train: its bn1.running_var holds a variance of 0" in said
    part = second.hospitals[NAME]
    assert part.update_kept < 0.1
    assert f"unusual: {NAME}'s update is" in said
    assert "times as long as the median hospital's" in said
    assert "updates: length" in said
    assert "unusual: " in next(tmp_path.glob("logs/*/training.log")).read_text()
    model = torch.load(folder.best_weights, weights_only=True)
    assert all(torch.isfinite(tensor).all() for tensor in model.values())
