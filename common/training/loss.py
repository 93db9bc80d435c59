"""The loss of a step: cross-entropy that keeps a hospital's own mix of classes out of what it teaches."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from common.config.settings import TrainPlan
from common.labels import NUM_CLASSES
from common.training.batches import Indices, Slices


@dataclass(frozen=True)
class ClassMix:
    """What a hospital holds, for the loss."""

    held: torch.Tensor  # int64, sorted: the classes that the loss compares
    log_prior: torch.Tensor  # float32: added to their scores while training

    def targets(self, labels: torch.Tensor) -> torch.Tensor:
        """Return each label's place among the classes that are held."""
        return torch.searchsorted(self.held, labels)

    def scores(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the scores that the loss compares, shape ``[B, held]``."""
        return logits[:, self.held] + self.log_prior


def class_mix(slices: Slices, indices: Indices, plan: TrainPlan, device: torch.device) -> ClassMix:
    """Return what evens out the classes of the slices at `indices`.

    A hospital without a class would push that class's score down in every step, and the average would forget it; one
    with few slices of it does the same more slowly. Restricted softmax (Li and Zhan, FedRS, KDD 2021, alpha = 0) leaves
    absent classes out. Balanced softmax (Ren et al., NeurIPS 2020; for federations Zhang et al., FedLC, ICML 2022) adds
    the logarithm of each class's share to its score, so that the share need not be learnt.
    """
    counts = np.bincount(slices.labels[indices], minlength=NUM_CLASSES)
    held = np.arange(NUM_CLASSES) if plan.softmax == "plain" else np.flatnonzero(counts)
    shares = counts[held] / counts.sum() if plan.softmax == "balanced" else np.ones(len(held))
    return ClassMix(torch.from_numpy(held).to(device), torch.from_numpy(np.log(shares)).float().to(device))


def cross_entropy(scores: torch.Tensor, targets: torch.Tensor, plan: TrainPlan) -> torch.Tensor:
    """Return the mean loss of a batch."""
    return functional.cross_entropy(scores, targets, label_smoothing=plan.label_smoothing)
