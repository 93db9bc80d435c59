"""What a hospital tells of how much its test slices look like those that it trained on, and when it tells nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clients.policy.limits import Policy
from clients.prepared import prepared_hospital
from clients.privacy.total import Total
from clients.sums.likeness import likeness_to_training as likeness_at
from common.config.dp import DpPlan
from common.config.external import EvaluationPlan
from common.config.privacy import PrivacyPlan
from common.data.thumbs import correlate, orient
from common.metrics.likeness.figures import likeness_figures
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol.cases import cases_record, read_cases
from tests.support.sites import PLAN, evaluate_at, sites_of

RUN = "ab" * 16


@pytest.fixture(scope="module")
def site(phantoms, tmp_path_factory):
    return sites_of(phantoms, tmp_path_factory.mktemp("cache"))[0]


def evaluated(plan, *trained):
    return replace(plan, evaluation=EvaluationPlan("cd" * 32, RUN, list(trained)))


def test_each_test_slice_is_compared_with_every_training_slice_however_turned(site):
    found, own = likeness_at(site, PLAN), prepared_hospital(site, PLAN)
    thumbs = np.asarray(own.library.thumbs)
    assert len(found) == len(own.split.test) > 0
    for place in (0, len(found) // 2, len(found) - 1):
        test = thumbs[[own.split.test[place]]]
        pairs = [correlate(orient(test, way), thumbs[[other]])[0] for other in own.split.train for way in range(8)]
        assert found[place] == pytest.approx(max(pairs), abs=1e-12)


def test_it_is_worked_out_once(site):
    assert likeness_at(site, PLAN) is likeness_at(site, PLAN)


def test_a_test_tells_its_right_answers_by_likeness_and_validation_does_not(site):
    arrays = arrays_from_state(initial_weights("resnet18", 1))
    result = evaluate_at(site, PLAN, "test", 1, arrays)
    found = likeness_figures({"here": read_cases(cases_record(result.cases), result.confusion)})
    assert sum(each["slices"] for each in found["bins"]) == result.samples
    assert sum(each["right"] for each in found["bins"]) == np.trace(result.confusion)
    assert evaluate_at(site, PLAN, "val", 1, arrays).cases is None
    careful = replace(site, policy=Policy(smallest_cell=10**6))
    assert evaluate_at(careful, PLAN, "test", 1, arrays).cases.likeness.cuts == ()


def test_a_hospital_that_did_not_train_the_model_has_nothing_to_compare_with(site):
    assert likeness_at(site, evaluated(PLAN, "another")) is None
    assert likeness_at(site, evaluated(PLAN, site.hospital.key)) is not None


def test_with_differential_privacy_nothing_is_told_in_the_run_nor_when_its_model_is_evaluated(site, tmp_path):
    assert likeness_at(site, replace(PLAN, dp=DpPlan(epsilon=8.0, delta=1e-5))) is None
    site = replace(site, cache_dir=tmp_path)
    plan = evaluated(PLAN, site.hospital.key)
    assert likeness_at(site, plan) is not None
    Total(tmp_path, site.hospital.key).note(RUN, 3.0, 1e-5)
    assert likeness_at(site, plan) is None


def test_secure_aggregation_hides_updates_and_leaves_tests_as_they_are(site):
    secure = PrivacyPlan("secagg", hospitals=["a", "b", site.hospital.key], threshold=2)
    assert likeness_at(site, replace(PLAN, privacy=secure)) is not None
