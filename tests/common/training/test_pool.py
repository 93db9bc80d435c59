"""One loader over several hospitals: the same slices, as often, in as many steps."""

import numpy as np
import torch

from common.config.settings import TrainPlan
from common.training.batches import batches, count_batches
from common.training.pool import PooledPixels, pool
from tests.support.slices import some_slices

HOSPITALS = [some_slices(count, seed=count) for count in (5, 9, 2)]
SPLITS = [np.array([0, 2, 4]), np.array([8, 1, 3, 5, 7]), np.array([0, 1])]
PLAN = TrainPlan(batch_size=4, local_epochs=2)
PAIRS = list(zip(HOSPITALS, SPLITS, strict=True))


def test_pixels_are_found_across_hospitals_in_the_order_asked_for():
    everything = np.concatenate([s.pixels for s in HOSPITALS])
    order = np.random.default_rng(0).permutation(16)[:11]
    np.testing.assert_array_equal(PooledPixels(HOSPITALS)[order], everything[order])


def test_the_pool_holds_every_training_slice_with_its_label_and_no_other():
    pooled = pool(PAIRS, PLAN)
    for (own, split), start in zip(PAIRS, (0, 5, 14), strict=True):
        assert set(start + split) <= set(pooled.indices)
        np.testing.assert_array_equal(pooled.slices.pixels[start + split], own.pixels[split])
        np.testing.assert_array_equal(pooled.slices.labels[start + split], own.labels[split])
    assert len(pooled.indices) == 10


def test_as_many_steps_as_the_hospitals_take_together():
    pooled = pool(PAIRS, PLAN)
    assert pooled.steps == [1 + 2 + 1] * 2
    assert pooled.steps[0] > count_batches(10, 4)
    dealt = list(batches(pooled.slices, pooled.indices, 4, torch.device("cpu"), pooled.steps[0]))
    assert [len(labels) for _, labels in dealt] == [3, 3, 2, 2]


def test_a_pool_of_one_is_that_hospital():
    own, split = PAIRS[1]
    alone = pool([PAIRS[1]], PLAN)
    np.testing.assert_array_equal(alone.indices, split)
    np.testing.assert_array_equal(alone.slices.labels, own.labels)
    np.testing.assert_array_equal(alone.slices.pixels[split], own.pixels[split])
    assert alone.steps == [count_batches(len(split), 4)] * 2
