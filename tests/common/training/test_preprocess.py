"""One path from pixels to the model's input, the same numbers as version 1's transforms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from common.training.preprocess import normalise, preprocess, to_batch

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 10, 10, 3), np.uint8)


def test_to_batch_is_a_view_in_channels_last():
    batch = to_batch(PIXELS)
    assert batch.shape == (4, 3, 10, 10)
    assert batch.dtype == torch.uint8
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert batch.data_ptr() == PIXELS.ctypes.data
    assert int(batch[1, 2, 3, 4]) == PIXELS[1, 3, 4, 2]


def test_to_batch_copies_what_must_not_be_written():
    locked = PIXELS.copy()
    locked.flags.writeable = False
    batch = to_batch(locked)
    batch += 1
    assert np.array_equal(locked, PIXELS)


def test_normalise_is_version_ones():
    expected = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])(to_batch(PIXELS).float() / 255)
    for batch in (to_batch(PIXELS), to_batch(PIXELS).contiguous()):
        result = normalise(batch)
        assert result.is_contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(result, expected, rtol=0, atol=2e-6)


def test_normalising_twice_is_refused():
    with pytest.raises(TypeError, match="normalised before"):
        normalise(normalise(to_batch(PIXELS)))


def test_preprocess_is_version_ones_evaluation():
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8))
    steps = [transforms.Resize((32, 32)), transforms.ToTensor()]
    steps.append(transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    expected = transforms.Compose(steps)(image)[None]
    torch.testing.assert_close(preprocess(image, 32), expected, rtol=0, atol=2e-6)
