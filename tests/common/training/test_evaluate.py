"""Evaluation equals what a plain loop over the slices gives."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from common.errors import Interrupted
from common.model.registry import build_model, initial_weights
from common.model.state import arrays_from_model
from common.training import evaluate as module
from common.training.evaluate import evaluate
from common.training.preprocess import IMAGENET_MEAN, IMAGENET_STD
from tests.support.slices import small_model, some_slices


def plain_logits(model, slices, indices) -> torch.Tensor:
    """One slice at a time, normalised by hand."""
    model.eval()
    logits = []
    with torch.no_grad():
        for index in indices:
            pixels = (slices.pixels[index] / 255.0 - np.array(IMAGENET_MEAN)) / np.array(IMAGENET_STD)
            logits.append(model(torch.from_numpy(pixels.transpose(2, 0, 1)[None]).float())[0])
    return torch.stack(logits)


def test_it_equals_a_plain_loop_over_the_real_network(resnet18):
    model, slices = build_model(), some_slices(9)
    model.load_state_dict(initial_weights("resnet18", 3))
    indices = np.array([8, 0, 3, 5, 7, 2])
    result = evaluate(model.to(memory_format=torch.channels_last), slices, indices)
    logits = plain_logits(model, slices, indices)
    labels = torch.from_numpy(slices.labels[indices])
    assert result.samples == 6
    assert result.loss_sum == pytest.approx(functional.cross_entropy(logits, labels, reduction="sum").item(), rel=1e-4)
    expected = np.zeros((4, 4), np.int64)
    for true, predicted in zip(labels.tolist(), logits.argmax(1).tolist(), strict=True):
        expected[true, predicted] += 1
    np.testing.assert_array_equal(result.confusion, expected)
    confidence = logits.softmax(1).max(1).values
    assert sum(part.count for part in result.bins) == 6
    assert sum(part.correct for part in result.bins) == np.trace(expected)
    assert sum(part.confidence_sum for part in result.bins) == pytest.approx(confidence.sum().item(), rel=1e-4)


def test_the_size_of_a_batch_changes_nothing(monkeypatch):
    model, slices = small_model(), some_slices()
    whole = evaluate(model, slices, np.arange(24))
    monkeypatch.setattr(module, "EVALUATE_BATCH", 5)
    parts = evaluate(model, slices, np.arange(24))
    assert parts.loss_sum == pytest.approx(whole.loss_sum, rel=1e-6)
    np.testing.assert_array_equal(parts.confusion, whole.confusion)


def test_results_of_parts_add_up_to_the_whole():
    model, slices = small_model(), some_slices()
    whole = evaluate(model, slices, np.arange(24))
    parts = [evaluate(model, slices, part) for part in (np.arange(10), np.arange(10, 24))]
    assert sum(part.loss_sum for part in parts) == pytest.approx(whole.loss_sum)
    np.testing.assert_array_equal(sum(part.confusion for part in parts), whole.confusion)


def test_an_empty_split_is_no_slice_and_no_loss():
    result = evaluate(small_model(), some_slices(), np.zeros(0, np.int64))
    assert (result.samples, result.loss_sum) == (0, 0.0)
    assert result.confusion.shape == (4, 4)
    assert not result.confusion.any()
    assert [part.count for part in result.bins] == [0] * 10


def test_progress_is_told_before_each_batch_and_may_stop_it(monkeypatch):
    monkeypatch.setattr(module, "EVALUATE_BATCH", 10)
    told = []
    evaluate(small_model(), some_slices(), np.arange(24), lambda *progress: told.append(progress))
    assert told == [(0, 3), (1, 3), (2, 3)]

    def stop(done, total):
        raise Interrupted("RUN130", "The run was stopped.")

    with pytest.raises(Interrupted):
        evaluate(small_model(), some_slices(), np.arange(24), stop)


def test_the_model_is_left_as_it_was():
    model = build_model()
    before = arrays_from_model(model)
    evaluate(model, some_slices(8), np.arange(8))
    assert not model.training
    after = arrays_from_model(model)
    assert all(np.array_equal(before[name], after[name]) for name in before), "batch statistics must not move"
