"""One loader over several hospitals: the same slices, as often, in as many steps."""

import numpy as np
import torch

from common.batches import batches, count_batches
from common.pool import PooledPixels, pool
from tests.common.slices import some_slices

HOSPITALS = [some_slices(count, seed=count) for count in (5, 9, 2)]
SPLITS = [np.array([0, 2, 4]), np.array([8, 1, 3, 5, 7]), np.array([0, 1])]
TRIPLES = [(s.pixels, s.labels, split) for s, split in zip(HOSPITALS, SPLITS, strict=True)]


def test_pixels_are_found_across_hospitals_in_the_order_asked_for():
    everything = np.concatenate([s.pixels for s in HOSPITALS])
    order = np.random.default_rng(0).permutation(16)[:11]
    np.testing.assert_array_equal(PooledPixels([s.pixels for s in HOSPITALS])[order], everything[order])


def test_the_pool_holds_every_training_slice_with_its_label_and_no_other():
    pooled = pool(TRIPLES, 4)
    for triple, start in zip(TRIPLES, (0, 5, 14), strict=True):
        pixels, labels, split = triple
        assert set(start + split) <= set(pooled.indices)
        np.testing.assert_array_equal(pooled.slices.pixels[start + split], pixels[split])
        np.testing.assert_array_equal(pooled.slices.labels[start + split], labels[split])
    assert len(pooled.indices) == 10


def test_as_many_steps_as_the_hospitals_take_together():
    pooled = pool(TRIPLES, 4)
    assert pooled.steps_per_epoch == 1 + 2 + 1 > count_batches(10, 4)
    dealt = list(batches(pooled.slices, pooled.indices, 4, torch.device("cpu"), pooled.steps_per_epoch))
    assert [len(labels) for _, labels in dealt] == [3, 3, 2, 2]


def test_a_pool_of_one_is_that_hospital():
    pixels, labels, split = TRIPLES[1]
    alone = pool([TRIPLES[1]], 4)
    np.testing.assert_array_equal(alone.indices, split)
    np.testing.assert_array_equal(alone.slices.labels, labels)
    np.testing.assert_array_equal(alone.slices.pixels[split], pixels[split])
    assert alone.steps_per_epoch == count_batches(len(split), 4)
