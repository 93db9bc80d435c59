"""One simulated hospital trains on everybody's slices; a real one refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from common.errors import InputError
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from tests.support.sites import PLAN, sites_of, train_at

FIRST = arrays_from_state(initial_weights("resnet18", PLAN.seed))


@pytest.fixture(scope="module")
def sites(phantoms, tmp_path_factory):
    return sites_of(phantoms, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def host(sites):
    return replace(sites[0], pool={site.hospital.key: site for site in sites})


def test_a_pool_of_one_hospital_is_its_own_training_to_the_bit(sites, host):
    alone = sites[2]
    own, result = train_at(alone, PLAN, 2, FIRST)
    pooled, together = train_at(host, PLAN, 2, FIRST, pool=(alone.hospital.key,))
    assert replace(result, seconds=0) == replace(together, seconds=0)
    assert all(np.array_equal(own[name], pooled[name]) for name in own)


def test_as_many_steps_and_slices_as_the_hospitals_take_together(sites, host):
    separate = [train_at(site, PLAN, 1, FIRST)[1] for site in sites]
    arrays, result = train_at(host, PLAN, 1, FIRST, pool=tuple(host.pool))
    assert result.steps == sum(one.steps for one in separate) == arrays["bn1.num_batches_tracked"]
    assert result.samples == sum(one.samples for one in separate)
    again, _ = train_at(host, PLAN, 1, FIRST, pool=tuple(host.pool))
    assert all(np.array_equal(arrays[name], again[name]) for name in arrays)


def test_the_class_mix_is_that_of_all_hospitals(sites, host, monkeypatch):
    """Hospital 2 holds no slice without a tumour; pooled, its slices are still compared with all four classes."""
    from common.training import train

    seen = []
    mix = train.class_mix

    def spy(slices, indices, *rest):
        seen.append(set(slices.labels[indices]))
        return mix(slices, indices, *rest)

    monkeypatch.setattr(train, "class_mix", spy)
    train_at(sites[1], PLAN, 1, FIRST)
    train_at(host, PLAN, 1, FIRST, pool=tuple(host.pool))
    assert seen == [{0, 1, 2}, {0, 1, 2, 3}]


def test_a_hospital_on_its_own_machine_pools_with_nobody(sites):
    with pytest.raises(InputError, match=r"PLAN004.*possible in a simulation only"):
        train_at(sites[0], PLAN, 1, FIRST, pool=("phantom_jaipur",))
