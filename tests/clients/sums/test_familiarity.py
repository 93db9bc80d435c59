"""What a hospital returns by which its slices can be told from anything else, and when it returns nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clients.policy.limits import Policy
from clients.prepared import prepared_hospital
from clients.sums import familiarity
from common.config.privacy import PrivacyPlan
from common.errors import InputError
from common.metrics.familiar.sums import fit, sums_problem
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.training.familiarity import feature_count
from tests.support.sites import PLAN, sites_of, task_of

ARRAYS = arrays_from_state(initial_weights("resnet18", 1))
TASK = task_of(PLAN, 1, ARRAYS, split="val")


@pytest.fixture(scope="module")
def site(phantoms, tmp_path_factory):
    return sites_of(phantoms, tmp_path_factory.mktemp("cache"))[0]


def test_sums_are_over_every_training_slice_and_held_out_slices_are_counted_by_distance(site):
    split = prepared_hospital(site, PLAN).split
    sums = familiarity.feature_sums(site, TASK)
    assert sums_problem(sums, len(split.train)) is None
    counts = familiarity.distance_counts(site, replace(TASK, likeness=fit([sums]).arrays()))
    assert (counts.val.sum(), counts.test.sum()) == (len(split.val), len(split.test))
    again = familiarity.feature_sums(site, TASK)
    np.testing.assert_array_equal(again.products, sums.products)


def test_a_policy_may_forbid_it(site):
    known = replace(TASK, likeness=fit([familiarity.feature_sums(site, TASK)]).arrays())
    for policy, answers in ((Policy(), True), (Policy(feature_sums=False), False)):
        own = replace(site, policy=policy)
        assert (familiarity.feature_sums(own, TASK) is not None) == answers
        assert (familiarity.distance_counts(own, known) is not None) == answers


def test_secure_aggregation_and_too_few_slices_leave_it_out(site):
    secure = replace(PLAN, privacy=PrivacyPlan("secagg", ["a", "b", "c"], 2, 24))
    assert familiarity.feature_sums(site, replace(TASK, plan=secure)) is None
    few = replace(PLAN, data=replace(PLAN.data, max_per_class=3))
    assert len(prepared_hospital(site, few).split.train) <= feature_count("resnet18")
    assert familiarity.feature_sums(site, replace(TASK, plan=few)) is None


def test_what_measures_no_distance_is_refused(site):
    bad = {"mean": np.zeros(3, np.float32), "whitening": np.zeros(6, np.float32)}
    with pytest.raises(InputError, match="PLAN006"):
        familiarity.distance_counts(site, replace(TASK, likeness=bad))
