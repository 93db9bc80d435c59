"""Canaries stand among a hospital's patients as any other patient does."""

import numpy as np
import pytest

from bench.privacy_audit.audited import AuditedHospital, AuditedRun
from bench.privacy_audit.canaries import toss
from bench.privacy_audit.odd_patients import SLICES, odd_patients
from bench.privacy_audit.outsider import plant
from common.config.hydra import compose_settings
from common.data.split import Split
from common.protocol.plan import plan_of
from common.training.batches import Slices


@pytest.fixture
def run():
    settings = compose_settings(["data.image_size=32"])
    slices = Slices(np.zeros((6, 32, 32, 3), np.uint8), np.zeros(6, np.int64))
    split = Split(np.arange(4), np.array([4]), np.array([5]))
    patients = np.array([0, 0, 1, 1, 2, 3])
    hospitals = [AuditedHospital(key, slices, split, patients) for key in ("a", "b")]
    return AuditedRun("run-001", plan_of(settings), settings.strategy, hospitals, {}, {}, 1)


def test_only_canaries_that_take_part_are_trained_on_each_at_one_hospital(run):
    planted = plant(run, np.array([True, False, True, True, False]), seed=1)
    a, b = planted.run.hospitals
    # a has canaries 0, 2 and 4, b has 1 and 3; slices 6 and on are theirs
    assert planted.chosen["a"].tolist() == [0, 1, 2, 3, *range(6, 14)]
    assert planted.chosen["b"].tolist() == [0, 1, 2, 3, *range(10, 14)]
    assert a.patients[6:].tolist() == [4] * SLICES + [5] * SLICES + [6] * SLICES
    assert len(b.slices.labels) == 6 + 2 * SLICES
    assert np.array_equal(a.slices.pixels[np.array([0, 10])][1], planted.canaries.pixels[2 * SLICES])


def test_odd_patients_are_the_same_each_time_and_no_two_slices_are_alike():
    one, again = odd_patients(5, 32, 3), odd_patients(5, 32, 3)
    assert np.array_equal(one.pixels, again.pixels)
    assert len({slice.tobytes() for slice in one.pixels}) == 5 * SLICES
    assert all(len(set(labels)) == 1 for labels in one.labels.reshape(5, SLICES))


def test_a_coin_is_tossed_for_each_canary():
    tossed = toss(10_000, 0)
    assert 4_800 < tossed.sum() < 5_200
    assert not np.array_equal(tossed, toss(10_000, 1))
