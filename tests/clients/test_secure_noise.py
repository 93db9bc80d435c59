"""Noise that hospitals share, through the real app: real messages, real training, each with its own key."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from clients import handlers
from clients.privacy.noise_key import NOISE_KEY
from common.config.dp import DpPlan
from common.config.privacy import PrivacyPlan
from common.config.settings import ModelPlan
from common.protocol import names as wire
from common.secagg.session import Question
from common.training.private.clipped_sum import ClippedSum
from tests.support.sites import PLAN
from tests.support.ward import KEYS, Ward

NOISE, CLIP, PATIENTS, LR, THRESHOLD = 3.0, 0.5, 6, 0.05, 2
SHARED = replace(
    PLAN,
    rounds=100,
    model=ModelPlan("resnet18_gn"),
    train=replace(PLAN.train, optimiser="sgd", momentum=0.0, lr=LR, schedule="constant", softmax="plain"),
    privacy=PrivacyPlan("secagg", 16, THRESHOLD, KEYS),
    dp=DpPlan(epsilon=100.0, delta=1e-3, clip=CLIP, patients_per_step=PATIENTS, steps=1, noise=NOISE, views=1),
)


@pytest.fixture
def ward(phantoms, tmp_path):
    ward = Ward(phantoms, tmp_path, SHARED)
    for number, site in enumerate(ward.sites):
        site.cache_dir.mkdir()
        (site.cache_dir / NOISE_KEY).write_bytes(bytes([number]) * 32)
    return ward


def flat(arrays):
    return np.concatenate([value.reshape(-1).astype(np.float64) for value in arrays.values()])


def without_noise(ward, hospitals):
    """The sum of the clipped gradients of the same draws."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClippedSum, "noised", lambda total, deviation, stream: total.sums)
        moved = [flat(handlers.train(ward.sites[each], ward.task(each))[0]) for each in hospitals]
    return -PATIENTS / LR * (sum(moved) - len(moved) * flat(ward.arrays))


@pytest.mark.parametrize("hospitals", [(0, 1, 2), (0, 2)])
def test_the_sum_is_that_of_the_clipped_gradients_and_of_the_noise_of_those_that_are_in_it(ward, hospitals):
    ward.attempt(hospitals, 1)
    counts = {KEYS[each]: 1 for each in hospitals}
    mean = ward.quantiser.decode(ward.opened(), counts, counts)
    total = -PATIENTS / LR * len(hospitals) * (flat(mean) - flat(ward.arrays))
    gradients = without_noise(ward, hospitals)
    noise = total - gradients
    deviation = NOISE * CLIP * math.sqrt(len(hospitals) / THRESHOLD)
    assert 0.1 * CLIP < np.linalg.norm(gradients) < 30 * CLIP
    assert noise.std() == pytest.approx(deviation, rel=0.02)
    assert abs(noise.mean()) < 6 * deviation / math.sqrt(noise.size)
    inside = float((np.abs(noise) < deviation).mean())
    assert inside == pytest.approx(0.6827, abs=0.01), "it is Gaussian"


def test_another_attempt_has_other_noise_and_costs_again_and_the_same_one_neither(ward):
    def trained():
        found, result = handlers.train(ward.sites[0], ward.task(0))
        return flat(found) - flat(ward.arrays), result.spent

    ward.attempt((), 1)
    sent = ward.train(0)[wire.ARRAYS]
    first, spent = trained()
    again = ward.train(0)[wire.ARRAYS]
    assert all(np.array_equal(array.numpy(), again[name].numpy()) for name, array in sent.items())
    assert trained()[1] == spent
    ward.attempt((), 2)
    second, more = trained()
    assert more.epsilon > spent.epsilon
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05


def test_it_is_dearer_the_more_hospitals_help_the_centre(ward):
    ward.attempt((), 1)
    spent = handlers.train(ward.sites[0], ward.task(0))[1].spent
    assert spent.noise_multiplier == NOISE
    assert spent.epsilon < spent.epsilon_one_colluding == spent.epsilon_all_but_one


@pytest.mark.parametrize(
    "changes", [{"noise": 1.0}, {"noise": 0.0}, {"total": 300}, {"total": 2}, {"steps": 4}], ids=lambda each: str(each)
)
def test_terms_in_which_hospitals_count_unlike_or_noise_is_missing_are_refused(ward, changes):
    question = Question("advertise", msgspec.structs.replace(ward.session, **changes))
    assert ward.refused(0, question).startswith("SECAGG004: The centre asks for a sum with other noise")


def test_noise_in_a_run_whose_plan_has_none_is_refused(phantoms, tmp_path):
    ward = Ward(phantoms, tmp_path)
    question = Question("advertise", msgspec.structs.replace(ward.session, noise=1.0))
    assert ward.refused(0, question).startswith("SECAGG004")
