"""Evaluation: counts and sums that add up over hospitals."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from common.labels import NUM_CLASSES
from common.metrics.calibration import GRID, Sums, bin_confidences
from common.metrics.case_sums import Cases, count_cases
from common.metrics.confusion import count_confusion
from common.metrics.evaluation import EvaluateResult
from common.metrics.intervals import Resampling, add_replicates, resample
from common.metrics.score_bins import Probabilities
from common.training.batches import Indices, Slices, batches, count_batches
from common.training.preprocess import normalise

EVALUATE_BATCH = 64


def evaluate(
    model: nn.Module,
    slices: Slices,
    indices: Indices,
    on_batch: Callable[[int, int], None] | None = None,
    temperature: float = 1.0,
    resampling: Resampling | None = None,
    cases: Cases | None = None,
    on_scores: Callable[[torch.Tensor], None] | None = None,
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
    cases : Cases, optional
        What is known of the slices at `indices`, in their order; asks for `EvaluateResult.cases`.
    on_scores : callable, optional
        Gets each slice's scores, shape [N, 4], which no result holds.
    """
    started = time.perf_counter()
    logits = _logits(model, slices, indices, on_batch)
    if on_scores:
        on_scores(logits)
    result = tally(logits, torch.from_numpy(slices.labels[indices]), temperature, resampling, cases)
    return replace(result, seconds=time.perf_counter() - started)


def probabilities_of(
    model: nn.Module, slices: Slices, indices: Indices, on_batch: Callable[[int, int], None] | None = None
) -> Probabilities:
    """Return what `model` gives each class of the slices at `indices`, shape [N, 4]; parameters as of `evaluate`."""
    return _logits(model, slices, indices, on_batch).double().softmax(1).numpy()


def tally(
    logits: torch.Tensor,
    labels: torch.Tensor,
    temperature: float = 1.0,
    resampling: Resampling | None = None,
    cases: Cases | None = None,
) -> EvaluateResult:
    """Count predictions; what the counts of several parts add up to is the count of the whole.

    Parameters
    ----------
    logits : Tensor of float, shape [N, 4]
        Scores.
    labels : Tensor of int64, shape [N]
        True classes.
    temperature, resampling, cases
        As for :func:`evaluate`.

    Returns
    -------
    EvaluateResult
        With `seconds` 0.
    """
    scores = logits.double()
    probabilities = scores.softmax(1)
    confidence, predicted = probabilities.max(1)
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
        replicates=resample(labels.numpy(), predicted.numpy(), resampling) if resampling else add_replicates([]),
        groups=resampling.groups if resampling else 0,
        cases=count_cases(probabilities.numpy(), labels.numpy(), cases) if cases else None,
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


def nll_sums(logits: torch.Tensor, labels: torch.Tensor) -> Sums:
    """Sum the negative log-likelihood at each temperature of `GRID`.

    Parameters
    ----------
    logits : Tensor of float, shape [N, 4]
        Scores as the model gives them.
    labels : Tensor of int64, shape [N]
        True classes.

    Returns
    -------
    ndarray of float64, shape [129]
        Nats; zeros where there is no case.
    """
    scores = logits.double()
    sums = [functional.cross_entropy(scores / heat, labels, reduction="sum").item() for heat in GRID]
    return np.asarray(sums, dtype=np.float64)
