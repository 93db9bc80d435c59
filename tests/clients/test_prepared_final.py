"""A hospital that is asked to train a final model holds nothing back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clients.prepared import prepared_hospital
from common.config.external import EvaluationPlan
from common.data.split import take_at_most
from tests.support.sites import PLAN, sites_of


@pytest.fixture(scope="module")
def site(phantoms, tmp_path_factory):
    return sites_of(phantoms, tmp_path_factory.mktemp("cache"))[0]


def on_all(plan, **data):
    return replace(plan, train=replace(plan.train, on="all"), data=replace(plan.data, **data))


def test_every_usable_slice_trains_and_the_split_stays_for_other_runs(site):
    before = prepared_hospital(site, PLAN)
    final = prepared_hospital(site, on_all(PLAN, max_per_class=None))
    assert final.split.train.tolist() == np.flatnonzero(final.evidence.usable).tolist()
    assert (len(final.split.val), len(final.split.test), final.groups_across_splits) == (0, 0, 0)
    assert len(before.split.test) > 0
    assert prepared_hospital(site, PLAN).split is before.split


def test_no_more_of_a_class_than_asked_for(site):
    final = prepared_hospital(site, on_all(PLAN, max_per_class=4))
    labels, usable = final.scan.labels, final.evidence.usable
    assert final.split.train.tolist() == np.flatnonzero(take_at_most(labels, usable, 4)).tolist()


def test_a_final_model_of_others_is_tested_on_every_slice(site):
    foreign = replace(on_all(PLAN), evaluation=EvaluationPlan(model="a" * 64, run="b" * 32, trained=["another"]))
    split = prepared_hospital(site, foreign).split
    assert (len(split.train), len(split.val)) == (0, 0)
    assert len(split.test) > 0
