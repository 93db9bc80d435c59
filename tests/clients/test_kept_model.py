"""A model is taken for the one that is named only if every bit is right; what cannot be is refused in one sentence."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import zstandard

from clients.kept_model import KEPT, received
from clients.policy.limits import Policy
from common.config.settings import WirePlan
from common.config.strategies import NORMALISATION, StrategyPlan
from common.errors import InputError, ProjectError
from common.model.local_layers import travelling
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol.digest import digest_of
from common.protocol.messages import LocalStateRef, Task, read_task, task_records
from tests.support.sites import PLAN, sites_of, task_of

TOKEN = "0123456789abcdef" * 2


@pytest.fixture
def site(phantoms, tmp_path):
    return sites_of(phantoms, tmp_path)[0]


def model(seed: int = 7):
    return arrays_from_state(initial_weights("resnet18", seed))


def sent(arrays, digest: str, number: int = 2, base: str = "", plan=PLAN, split: str = "") -> Task:
    return task_of(plan, number, arrays, LocalStateRef(TOKEN), model=digest, base=base, split=split)


def same(one, other) -> bool:
    return set(one) == set(other) and all(np.array_equal(one[name], other[name]) for name in one)


def kept(site):
    return list(site.cache_dir.rglob(KEPT))


def test_what_came_whole_is_there_when_it_is_named_and_the_next_one_takes_its_place(site):
    for seed in (7, 8):
        arrays = model(seed)
        assert same(received(site, sent(arrays, digest_of(arrays))).arrays, arrays)
        named = received(site, sent({}, digest_of(arrays))).arrays
        assert same(named, arrays)
        assert list(named) == list(arrays), "what a hospital stores of it is the same file as in a simulation"
    assert len(kept(site)) == 1
    with pytest.raises(ProjectError, match="STORE003"):
        received(site, sent({}, digest_of(model(7))))


def test_an_array_of_a_kept_model_lies_where_its_type_may_and_can_be_written(site):
    arrays = model()
    received(site, sent(arrays, digest_of(arrays)))
    found = received(site, sent({}, digest_of(arrays))).arrays
    assert all(array.flags.aligned and array.flags.writeable for array in found.values())


@pytest.mark.parametrize("keeps", ["nothing", NORMALISATION])
def test_the_first_model_follows_from_the_seed_and_no_other_does(site, keeps):
    plan = replace(PLAN, strategy=StrategyPlan(keeps=keeps))
    first = travelling(keeps, model(PLAN.seed))
    assert same(received(site, sent({}, digest_of(first), 1, plan=plan)).arrays, first)
    with pytest.raises(ProjectError, match="STORE003"):
        received(site, sent({}, digest_of(travelling(keeps, model(8))), 1, plan=plan))


@pytest.mark.parametrize(("name", "base"), [("0" * 64, ""), ("0" * 64, "base")])
def test_a_model_that_is_not_the_named_one_is_refused_and_not_kept(site, name, base):
    arrays = model()
    if base:
        received(site, sent(arrays, digest_of(arrays)))
        arrays, base = {"x": np.zeros(3, np.uint8)}, digest_of(arrays)
    before = [path.read_bytes() for path in kept(site)]
    with pytest.raises(InputError, match="PLAN006"):
        received(site, sent(arrays, name, base=base))
    assert [path.read_bytes() for path in kept(site)] == before


def test_a_whole_model_of_other_shapes_is_refused_and_not_kept(site):
    arrays = model() | {"fc.bias": np.zeros(5, np.float32)}
    with pytest.raises(InputError, match="PLAN006"):
        received(site, sent(arrays, digest_of(arrays)))
    assert not kept(site)


def test_without_a_name_and_at_a_test_nothing_is_kept(site):
    arrays = model()
    received(site, sent(arrays, ""))
    received(site, sent(arrays, digest_of(arrays), split="test"))
    assert not kept(site)


def test_what_is_larger_than_the_policys_room_for_runs_is_not_kept(site):
    arrays = model()
    received(replace(site, policy=Policy(runs_gigabytes=1e-5)), sent(arrays, digest_of(arrays)))
    assert not kept(site)


@pytest.mark.parametrize("wrong", ["F" * 64, "0" * 63, "../" + "0" * 61, 5])
def test_a_name_that_is_no_digest_is_refused(site, wrong):
    records = task_records(sent({}, "0" * 64), {}, {})
    for name in ("model-sha256", "base-sha256"):
        with pytest.raises(InputError, match="PLAN005"):
            read_task(records | {"config": {**records["config"], name: wrong}})
    with pytest.raises(InputError, match="PLAN005"):
        read_task({"config": {k: v for k, v in records["config"].items() if k != "run"}})


@pytest.mark.parametrize("coding", ["lossless", "bfloat16", "int8", "int4"])
def test_a_difference_that_unpacks_to_more_than_the_model_is_refused_and_fills_no_memory(site, coding):
    plan, arrays = replace(PLAN, wire=WirePlan(coding)), model()
    received(site, sent(arrays, digest_of(arrays), plan=plan))
    bomb = np.frombuffer(zstandard.ZstdCompressor().compress(bytes(500_000_000)), np.uint8)
    parts = dict.fromkeys(("exact", "codes", "scales"), bomb)
    tracemalloc.start()
    with pytest.raises(InputError, match=r"PLAN006.*cannot be read"):
        received(site, sent(parts, "0" * 64, base=digest_of(arrays), plan=plan))
    assert tracemalloc.get_traced_memory()[1] < 20 * sum(array.nbytes for array in arrays.values())
    tracemalloc.stop()
