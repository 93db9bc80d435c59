"""The learning rate as a function of how far the run is; so a resumed run has the same rates."""

from __future__ import annotations

import math

from common.config.settings import TrainPlan


def rates_of_round(plan: TrainPlan, server_round: int, rounds: int, steps: int) -> list[float]:
    """Return the rate of each step of a round, taken at the step's middle.

    Parameters
    ----------
    plan : TrainPlan
        Highest rate, schedule and warm-up.
    server_round, rounds : int
        Present round, from 1, and rounds of the run.
    steps : int
        Steps that a hospital takes in this round.
    """
    return [learning_rate(plan, server_round - 1 + (step + 0.5) / steps, rounds) for step in range(steps)]


def learning_rate(plan: TrainPlan, rounds_done: float, rounds: int) -> float:
    """Return the rate at a moment of the run.

    Parameters
    ----------
    plan : TrainPlan
        Highest rate, schedule and warm-up.
    rounds_done : float
        Rounds behind us, with the share of the present one, for example 2.5.
    rounds : int
        Rounds of the whole run.

    Returns
    -------
    float
        Cosine decay to zero after Loshchilov and Hutter (2017), without restarts; or the constant rate.
    """
    rate = plan.lr
    if plan.schedule == "cosine":
        rate *= 0.5 * (1.0 + math.cos(math.pi * min(rounds_done / rounds, 1.0)))
    if rounds_done < plan.warmup_rounds:
        rate *= rounds_done / plan.warmup_rounds
    return rate
