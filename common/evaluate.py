"""Evaluation: counts and sums that add up over hospitals."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from common.batches import Indices, Slices, batches, count_batches
from common.calibration import Bin, bin_confidences
from common.images.tensors import normalise
from common.metrics import Confusion, count_confusion

EVALUATE_BATCH = 64


@dataclass(frozen=True)
class EvaluateResult:
    """What an evaluation reports; every field but `seconds` adds up over hospitals.

    Attributes
    ----------
    samples : int
        Slices evaluated.
    loss_sum : float
        Sum of the cross-entropies, nats.
    confusion : ndarray of int64, shape [4, 4]
        True class by predicted class.
    bins : list of Bin
        Slices by the model's confidence.
    seconds : float
        Wall time.
    """

    samples: int
    loss_sum: float
    confusion: Confusion
    bins: list[Bin]
    seconds: float


def evaluate(
    model: nn.Module, slices: Slices, indices: Indices, on_batch: Callable[[int, int], None] | None = None
) -> EvaluateResult:
    """Evaluate `model` on the slices at `indices`, without augmentation, in float32.

    Parameters
    ----------
    model : nn.Module
        On the device that shall compute; left in evaluation mode.
    slices : Slices
        The hospital's pixels and labels.
    indices : ndarray of int64
        The validation or the test split; may be empty.
    on_batch : callable, optional
        Gets (batches done, batches in all) before each batch; what it raises ends the evaluation.
    """
    started = time.perf_counter()
    device = next(model.parameters()).device
    total = count_batches(len(indices), EVALUATE_BATCH)
    model.eval()
    outputs = []
    with torch.inference_mode():
        for done, (images, _) in enumerate(batches(slices, indices, EVALUATE_BATCH, device)):
            if on_batch:
                on_batch(done, total)
            outputs.append(model(normalise(images)).float().cpu())
    if not outputs:
        empty = np.zeros(0, dtype=np.int64)
        return EvaluateResult(
            0, 0.0, count_confusion(empty, empty), bin_confidences(empty.astype(float), empty > 0), 0.0
        )
    logits = torch.cat(outputs)
    labels = torch.from_numpy(slices.labels[indices])
    loss_sum = functional.cross_entropy(logits.double(), labels, reduction="sum").item()
    confidence, predicted = logits.double().softmax(1).max(1)
    return EvaluateResult(
        samples=len(indices),
        loss_sum=loss_sum,
        confusion=count_confusion(labels.numpy(), predicted.numpy()),
        bins=bin_confidences(confidence.numpy(), (predicted == labels).numpy()),
        seconds=time.perf_counter() - started,
    )
