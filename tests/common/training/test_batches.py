import numpy as np
import pytest
import torch

from common.training.batches import batches, count_batches
from tests.support.slices import some_slices

CPU = torch.device("cpu")


@pytest.mark.parametrize("batch_size", [2, 3, 8, 32])
@pytest.mark.parametrize("samples", [2, 3, 5, 8, 23, 24])
def test_slices_are_dealt_evenly_and_none_is_left_alone(samples, batch_size):
    slices = some_slices()
    sizes = [len(labels) for _, labels in batches(slices, np.arange(samples), batch_size, CPU)]
    assert len(sizes) == count_batches(samples, batch_size)
    assert sum(sizes) == samples
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= 2, "batch normalisation cannot digest one slice"
    assert max(sizes) <= max(batch_size, 3)


def test_images_come_with_their_labels_in_the_given_order():
    slices = some_slices()
    order = np.random.default_rng(1).permutation(24)[:17]
    images, labels = zip(*batches(slices, order, 5, CPU), strict=True)
    assert torch.cat(labels).tolist() == slices.labels[order].tolist()
    found = torch.cat(images).permute(0, 2, 3, 1).numpy()
    np.testing.assert_array_equal(found, slices.pixels[order])


def test_batches_are_bytes_in_channels_last_layout():
    images, labels = next(batches(some_slices(), np.arange(8), 4, CPU))
    assert (images.dtype, labels.dtype) == (torch.uint8, torch.int64)
    assert images.shape == (4, 3, 32, 32)
    assert images.is_contiguous(memory_format=torch.channels_last)


def test_nothing_gives_no_batch():
    assert not list(batches(some_slices(), np.zeros(0, np.int64), 4, CPU))
    assert count_batches(0, 4) == 0


def test_one_slice_alone_is_one_batch():
    assert [len(labels) for _, labels in batches(some_slices(), np.array([3]), 4, CPU)] == [1]
