"""SCAFFOLD at a hospital: real training, control variates in its own cache folder, by round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clients.local_state import RoundFiles
from common.config.strategies import StrategyPlan
from common.errors import RunError
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.model.weights import Arrays, weights_of
from common.protocol.messages import LocalStateRef
from common.training.gradients import mean_gradient, summed_rates
from tests.support.sites import PLAN, evaluate_at, sites_of, train_at

TOKEN = "0123456789abcdef" * 2
ARRAYS = arrays_from_state(initial_weights("resnet18", 1))
TRAIN = replace(PLAN.train, optimiser="sgd", momentum=0.0, lr=0.05, precision="float32", batch_size=64)
SCAFFOLD = replace(PLAN, rounds=4, train=TRAIN, strategy=StrategyPlan(control_variates=True))
FEDAVG = replace(SCAFFOLD, strategy=StrategyPlan())


@pytest.fixture
def site(phantoms, tmp_path):
    return sites_of(phantoms, tmp_path)[1]


def files(site) -> list[str]:
    return sorted(path.name for path in (site.cache_dir / "runs" / TOKEN / site.hospital.key).glob("*"))


def kept(site, number: int) -> Arrays:
    return RoundFiles(site.cache_dir, TOKEN, site.hospital.key, "control").load(number)


def teach(site, number: int, own: int, everybody: Arrays, start: Arrays = ARRAYS, plan=SCAFFOLD):
    return train_at(site, plan, number, start, LocalStateRef(TOKEN, own), global_control=everybody)


def same(one: Arrays, other: Arrays) -> bool:
    return set(one) == set(other) and all(np.array_equal(one[name], other[name]) for name in one)


def test_the_first_round_is_fedavgs_and_leaves_the_mean_gradient(site):
    trained, result = teach(site, 1, 0, {})
    assert same(trained, train_at(site, FEDAVG, 1, ARRAYS)[0])
    assert files(site) == ["control-round-0001.pth"]
    rates = summed_rates(result.samples, TRAIN, 1, 4)
    assert same(kept(site, 1), mean_gradient(ARRAYS, trained, rates))
    late = teach(site, 3, 0, {name: array + 1 for name, array in weights_of(ARRAYS).items()})[0]
    assert same(late, train_at(site, FEDAVG, 3, ARRAYS)[0]), "one that joins late begins as with FedAvg"


def test_later_rounds_are_corrected_and_give_the_same_bits_when_repeated(site):
    first, _ = teach(site, 1, 0, {})
    own = kept(site, 1)
    everybody = {name: array * np.float32(0.5) for name, array in own.items()}
    second, result = teach(site, 2, 1, everybody, first)
    assert files(site) == ["control-round-0001.pth", "control-round-0002.pth"]
    seen = mean_gradient(first, second, summed_rates(result.samples, TRAIN, 2, 4))
    for name, array in kept(site, 2).items():
        np.testing.assert_allclose(array, own[name] - everybody[name] + seen[name], rtol=1e-6, atol=1e-8)
    plain, _ = train_at(site, FEDAVG, 2, first)
    moved = np.concatenate([(second[name] - plain[name]).ravel() for name in own])
    wanted = np.concatenate([(own[name] - everybody[name]).ravel() for name in own])
    assert np.corrcoef(moved, wanted)[0, 1] > 0.5, "minus the rate times c - c_i, and what follows from it"
    kept_then = kept(site, 2)
    again, _ = teach(site, 2, 1, everybody, first)
    assert same(again, second)
    assert same(kept(site, 2), kept_then)
    teach(site, 4, 2, everybody, second)
    assert files(site) == ["control-round-0002.pth", "control-round-0004.pth"]


def test_with_its_own_for_everybodys_it_is_fedavg(site):
    first, _ = teach(site, 1, 0, {})
    corrected, _ = teach(site, 2, 1, kept(site, 1), first)
    assert same(corrected, train_at(site, FEDAVG, 2, first)[0])


def test_what_is_gone_is_said(site):
    with pytest.raises(RunError, match="STORE002"):
        teach(site, 2, 1, weights_of(ARRAYS))


def test_nothing_stays_after_the_test(site):
    teach(site, 1, 0, {})
    evaluate_at(site, SCAFFOLD, "val", 1, ARRAYS, LocalStateRef(TOKEN, 1))
    assert files(site) == ["control-round-0001.pth"]
    evaluate_at(site, SCAFFOLD, "test", 1, ARRAYS, LocalStateRef(TOKEN, 1))
    assert files(site) == []


def test_other_strategies_keep_nothing(site):
    train_at(site, FEDAVG, 1, ARRAYS, LocalStateRef(TOKEN, 0))
    assert files(site) == []
