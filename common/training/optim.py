"""The learning rate as a function of how far the run is; so a resumed run has the same rates."""

import math

import torch
from torch import nn

from common.config.dp import DpPlan
from common.config.settings import TrainPlan
from common.training.batches import count_batches


def rates_of_round(plan: TrainPlan, server_round: int, rounds: int, steps: int) -> list[float]:
    """Return the rate of each step of a round, taken at the step's middle.

    Parameters
    ----------
    plan : TrainPlan
        Highest rate and schedule.
    server_round, rounds : int
        Present round, from 1, and rounds of the run.
    steps : int
        Steps that a hospital takes in this round.
    """
    return [learning_rate(plan, server_round - 1 + (step + 0.5) / steps, rounds) for step in range(steps)]


def highest_rate(plan: TrainPlan, server_round: int, rounds: int, dp: DpPlan) -> float:
    """Return a rate that no step of a round is above, at any hospital; a single step's is its own."""
    if dp.is_used and dp.steps == 1:
        return rates_of_round(plan, server_round, rounds, 1)[0]
    return learning_rate(plan, server_round - 1, rounds)


def learning_rate(plan: TrainPlan, rounds_done: float, rounds: int) -> float:
    """Return the rate at a moment of the run.

    Parameters
    ----------
    plan : TrainPlan
        Highest rate and schedule.
    rounds_done : float
        Rounds behind us, with the share of the present one, for example 2.5.
    rounds : int
        Rounds of the whole run.

    Returns
    -------
    float
        Cosine decay to zero after Loshchilov and Hutter (2017), without restarts; or the constant rate.
    """
    if plan.schedule == "constant":
        return plan.lr
    return plan.lr * 0.5 * (1.0 + math.cos(math.pi * min(rounds_done / rounds, 1.0)))


def steps_in_round(samples: int, plan: TrainPlan) -> list[int]:
    """Return the steps of each pass that a round makes over so many slices."""
    return [count_batches(samples, plan.batch_size)] * plan.local_epochs


def steps_of_round(samples: int, train: TrainPlan, dp: DpPlan) -> int:
    """Return the steps of a round in all; with differential privacy they do not depend on the slices."""
    return dp.steps if dp.is_used else sum(steps_in_round(samples, train))


def make_optimiser(model: nn.Module, plan: TrainPlan) -> torch.optim.Optimizer:
    """Return Adam or SGD; weight decay leaves biases and normalisation alone."""
    trained = [p for p in model.parameters() if p.requires_grad]
    matrices = [p for p in trained if p.ndim >= 2]
    vectors = [p for p in trained if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": plan.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    if plan.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=plan.lr, momentum=plan.momentum)
    return torch.optim.AdamW(groups, lr=plan.lr, fused=True)  # without decay AdamW is Adam
