"""A hospital's own part of a model: kept by round, joined again, never sent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from clients.local_state import keep_tested, whole_model
from common.config.strategies import EVERYTHING, LOCAL_LAYERS, NORMALISATION, NOTHING, StrategyPlan
from common.errors import InputError, RunError
from common.model.local_layers import staying, travelling
from common.model.registry import build_model, initial_weights
from common.model.state import arrays_from_state
from common.model.weights import Arrays
from common.protocol.messages import LocalStateRef
from tests.support.sites import PLAN, keep, sites_of, task_of, train_at

TOKEN = "0123456789abcdef" * 2
FIRST = arrays_from_state(initial_weights("resnet18", PLAN.seed))


def plan_that(keeps: str):
    return replace(PLAN, strategy=StrategyPlan(keeps=keeps))


@pytest.fixture
def site(phantoms, tmp_path):
    return sites_of(phantoms, tmp_path)[0]


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def plus(arrays: Arrays, step: int) -> Arrays:
    return {name: (array + array.dtype.type(step)).astype(array.dtype) for name, array in arrays.items()}


def same(one: Arrays, other: Arrays) -> bool:
    return set(one) == set(other) and all(np.array_equal(one[name], other[name]) for name in one)


def files(site) -> list[str]:
    return sorted(path.name for path in site.cache_dir.rglob("*.pth"))


@pytest.mark.parametrize("keeps", LOCAL_LAYERS)
def test_what_is_put_away_and_what_is_sent_are_the_model_again(site, keeps):
    plan = plan_that(keeps)
    trained = plus(FIRST, 1)
    sent = keep(site, plan, LocalStateRef(TOKEN), 1, trained)
    assert same(sent, travelling(keeps, trained))
    assert same(whole_model(site, task_of(plan, 1, sent, LocalStateRef(TOKEN, 1))), trained)
    assert bool(files(site)) == (keeps != NOTHING)


@pytest.mark.parametrize("keeps", [NORMALISATION, EVERYTHING])
def test_before_its_first_round_a_hospital_has_the_seeds_own(site, keeps):
    received = travelling(keeps, plus(FIRST, 5))
    whole = whole_model(site, task_of(plan_that(keeps), 1, received, LocalStateRef(TOKEN)))
    assert same(travelling(keeps, whole), received)
    assert same(staying(keeps, whole), staying(keeps, FIRST))


def test_a_server_that_sends_what_stays_here_is_refused(site):
    with pytest.raises(InputError, match=r"PLAN003.*bn1.bias.*stays at the hospitals"):
        whole_model(site, task_of(plan_that(NORMALISATION), 1, FIRST, LocalStateRef(TOKEN)))


def test_a_server_that_names_no_run_is_refused(site):
    with pytest.raises(InputError, match="STORE001"):
        keep(site, plan_that(NORMALISATION), LocalStateRef(""), 1, FIRST)


def test_what_is_gone_is_not_replaced_by_the_first_weights(site):
    with pytest.raises(RunError, match=r"STORE002.*round 3"):
        whole_model(
            site, task_of(plan_that(NORMALISATION), 1, travelling(NORMALISATION, FIRST), LocalStateRef(TOKEN, 3))
        )


def test_only_the_last_rounds_and_the_held_one_stay(site):
    plan = plan_that(NORMALISATION)
    for number in range(1, 7):
        keep(site, plan, LocalStateRef(TOKEN, number - 1, min(number - 1, 2)), number, plus(FIRST, number))
    assert files(site) == [f"normalisation-round-000{number}.pth" for number in (2, 5, 6)]


@pytest.mark.parametrize("keeps", [NORMALISATION, EVERYTHING])
def test_the_model_tested_stays_whole_and_can_be_tested_again(site, keeps):
    plan = plan_that(keeps)
    sent = keep(site, plan, LocalStateRef(TOKEN), 1, plus(FIRST, 1))
    keep(site, plan, LocalStateRef(TOKEN, 1, 1), 2, plus(FIRST, 2))
    for _ in range(2):
        whole = whole_model(site, task_of(plan, 1, sent, LocalStateRef(TOKEN, 1, 1)))
        keep_tested(site, task_of(plan, 1, {}, LocalStateRef(TOKEN, 1, 1)), whole)
    assert files(site) == ["model-round-0001.pth", "normalisation-round-0001.pth"][: len(files(site))]
    path = next(site.cache_dir.rglob("model-round-0001.pth"))
    build_model().load_state_dict(torch.load(path, weights_only=True), strict=True)
    assert same(arrays_from_state(torch.load(path, weights_only=True)), plus(FIRST, 1))


@pytest.mark.parametrize("keeps", [NORMALISATION, EVERYTHING])
def test_training_a_round_twice_is_the_same_to_the_bit(phantoms, shared_cache, keeps):
    """Normalisation that stays is the only difference to a federation in the first round, and there it is none."""
    site = sites_of(phantoms, shared_cache)[2]
    plan, received = plan_that(keeps), travelling(keeps, FIRST)
    everything, _ = train_at(site, PLAN, 1, FIRST)
    once, result = train_at(site, plan, 1, received, LocalStateRef(TOKEN))
    again, _ = train_at(site, plan, 1, received, LocalStateRef(TOKEN))
    assert result.steps > 0
    assert same(once, again)
    assert same(once, travelling(keeps, everything))
    assert same(whole_model(site, task_of(plan, 1, once, LocalStateRef(TOKEN, 1))), everything)
