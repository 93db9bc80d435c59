"""Membership inference finds what was learnt by heart, and nothing in a model that never saw the slices."""

from dataclasses import replace

import numpy as np
import pytest

from bench.privacy_audit.audited import Claim
from bench.privacy_audit.membership import calibrated, half, judge, membership
from bench.privacy_audit.retrain import retrain
from common.config.dp import DpPlan
from common.config.strategies import StrategySettings
from common.data.split import Split
from common.errors import InputError
from tests.support.audited import noise_hospital, noise_run


def test_a_model_that_learnt_its_slices_by_heart_gives_them_away():
    run = noise_run(noise_hospital())
    released = retrain(run, run.members, run.plan.seed)
    found = membership(replace(run, released=released), shadows=2)
    assert found.auroc > 0.9
    assert found.auroc_interval[0] > 0.7
    assert found.auroc_patients > 0.9
    assert (found.slices, found.member_slices, found.patients, found.member_patients) == (80, 40, 40, 20)
    assert (found.method, found.shadow_models) == ("RMIA, online", 2)


def test_nothing_is_found_in_a_model_that_never_saw_the_slices():
    run = noise_run(noise_hospital(patients=60))
    found = membership(run, shadows=2)
    assert found.auroc_interval[0] < 0.5
    assert found.auroc < 0.65


def test_noise_hides_who_was_trained_on():
    """The same recipe with differential privacy; all patients are drawn in each step."""
    plain = noise_run(noise_hospital(patients=60))
    dp, train = DpPlan(8.0, 1e-3, 0.1, 60, 20, 0.0, 1), replace(plain.plan.train, softmax="plain")
    claims = {"noise": Claim(8.0, 1.0, 5.0)}
    run = replace(plain, plan=replace(plain.plan, dp=dp, train=train), claims=claims)
    released = retrain(run, run.members, run.plan.seed)
    assert any((released[name] != run.first[name]).any() for name in released)
    found = membership(replace(run, released=released), shadows=2)
    assert found.auroc < 0.65


def test_memberships_drawn_by_lot_are_not_found():
    """The released model learnt its slices by heart, but who is said to be a member says nothing of it."""
    run = noise_run(noise_hospital(patients=60))
    released = retrain(run, run.members, run.plan.seed)
    other = noise_hospital(patients=60, seed=0)
    part = np.repeat(np.random.default_rng(99).permutation(np.arange(60) % 2), 2)
    lots = Split(np.flatnonzero(part == 0), np.flatnonzero(part == 1), np.zeros(0, np.int64))
    found = membership(replace(run, hospitals=[replace(other, split=lots)], released=released), shadows=2)
    assert found.auroc_interval[0] < 0.5
    assert found.auroc < 0.65


def test_the_ratio_is_that_of_the_probability_to_its_mean_under_the_shadow_models():
    target, shadows = np.log([0.8, 0.2]), [np.log([0.9, 0.3]), np.log([0.3, 0.1])]
    assert np.exp(calibrated(target, shadows)) == pytest.approx([0.8 / 0.6, 0.2 / 0.2])


def test_a_patients_slices_are_in_one_half_and_each_patient_is_in_just_one():
    hospital = noise_hospital(patients=21, slices=3)
    one, other = half(hospital, 5, 0), half(hospital, 5, 1)
    assert not set(hospital.patients[one]) & set(hospital.patients[other])
    assert sorted([*one, *other]) == hospital.used.tolist()
    assert abs(len(set(hospital.patients[one])) - 10.5) <= 2  # half of each of four classes


def test_patients_on_both_sides_of_the_split_are_neither_members_nor_strangers():
    hospital = noise_hospital(patients=10, slices=2)
    train, rest = np.arange(0, 9), np.arange(9, 20)  # the patient of slices 8 and 9 is divided
    torn = replace(hospital, split=Split(train, rest, rest[:0]))
    assert torn.divided.tolist() == [4]
    assert torn.used.tolist() == [*range(8), *range(10, 20)]
    assert judge([torn], np.isin(torn.used, train).astype(float)).auroc == 1.0


@pytest.mark.parametrize(
    ("patients", "shadows", "strategy", "code"),
    [
        (40, 3, "fedavg", "AUDIT021"),
        (40, 0, "fedavg", "AUDIT021"),
        (6, 2, "fedavg", "AUDIT021"),
        (40, 2, "fedbn", "AUDIT020"),
    ],
)
def test_what_cannot_be_attacked_is_refused_in_a_sentence(patients, shadows, strategy, code):
    run = replace(noise_run(noise_hospital(patients)), strategy=StrategySettings(name=strategy))
    with pytest.raises(InputError) as refused:
        membership(run, shadows)
    assert refused.value.code == code
