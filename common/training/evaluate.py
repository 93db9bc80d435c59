"""Evaluation: counts and sums that add up over hospitals."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from common.labels import NUM_CLASSES
from common.metrics.bootstrap import Replicates, Resampling, resample
from common.metrics.calibration import Bin, bin_confidences
from common.metrics.confusion import Confusion, count_confusion
from common.metrics.temperature import Sums, add_sums, nll_sums
from common.training.batches import Indices, Slices, batches, count_batches
from common.training.preprocess import normalise

EVALUATE_BATCH = 64


def _no_replicates() -> Replicates:
    return np.zeros((0, NUM_CLASSES, NUM_CLASSES), dtype=np.int64)


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
    nll : ndarray of float64, shape [129]
        Sum of the cross-entropies at each temperature of `common.metrics.temperature.GRID`, nats.
    calibrated_bins : list of Bin
        Slices by the confidence at the temperature that was asked for.
    replicates : ndarray of int64, shape [R, 4, 4]
        Confusion matrices of the bootstrap over groups; R is 0 unless it was asked for.
    groups : int
        Groups that were drawn from; 0 unless it was asked for.
    """

    samples: int
    loss_sum: float
    confusion: Confusion
    bins: list[Bin]
    seconds: float
    nll: Sums = field(default_factory=lambda: add_sums([]))
    calibrated_bins: list[Bin] = field(default_factory=list)
    replicates: Replicates = field(default_factory=_no_replicates)
    groups: int = 0


def evaluate(
    model: nn.Module,
    slices: Slices,
    indices: Indices,
    on_batch: Callable[[int, int], None] | None = None,
    temperature: float = 1.0,
    resampling: Resampling | None = None,
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
    temperature : float
        Divides the scores for `EvaluateResult.calibrated_bins`, and for nothing else.
    resampling : Resampling, optional
        Groups of the slices at `indices`, in their order; asks for `EvaluateResult.replicates`.
    """
    started = time.perf_counter()
    logits = _logits(model, slices, indices, on_batch)
    result = tally(logits, torch.from_numpy(slices.labels[indices]), temperature, resampling)
    return replace(result, seconds=time.perf_counter() - started)


def tally(
    logits: torch.Tensor, labels: torch.Tensor, temperature: float = 1.0, resampling: Resampling | None = None
) -> EvaluateResult:
    """Count predictions; what the counts of several parts add up to is the count of the whole.

    Parameters
    ----------
    logits : Tensor of float, shape [N, 4]
        Scores.
    labels : Tensor of int64, shape [N]
        True classes.
    temperature, resampling
        As for :func:`evaluate`.

    Returns
    -------
    EvaluateResult
        With `seconds` 0.
    """
    scores = logits.double()
    confidence, predicted = scores.softmax(1).max(1)
    calibrated = (scores / temperature).softmax(1).max(1).values
    right = (predicted == labels).numpy()
    return EvaluateResult(
        samples=len(labels),
        loss_sum=functional.cross_entropy(scores, labels, reduction="sum").item(),
        confusion=count_confusion(labels.numpy(), predicted.numpy()),
        bins=bin_confidences(confidence.numpy(), right),
        seconds=0.0,
        nll=nll_sums(scores, labels),
        calibrated_bins=bin_confidences(calibrated.numpy(), right),
        replicates=resample(labels.numpy(), predicted.numpy(), resampling) if resampling else _no_replicates(),
        groups=resampling.groups if resampling else 0,
    )


def _logits(
    model: nn.Module, slices: Slices, indices: Indices, on_batch: Callable[[int, int], None] | None
) -> torch.Tensor:
    """Return the scores, shape [N, 4], float32 on the CPU."""
    device = next(model.parameters()).device
    total = count_batches(len(indices), EVALUATE_BATCH)
    model.eval()
    outputs = [torch.zeros(0, NUM_CLASSES)]
    with torch.inference_mode():
        for done, (images, _) in enumerate(batches(slices, indices, EVALUATE_BATCH, device)):
            if on_batch:
                on_batch(done, total)
            outputs.append(model(normalise(images)).float().cpu())
    return torch.cat(outputs)
