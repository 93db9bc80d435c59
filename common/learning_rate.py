"""The learning rate as a function of how far the run is; so a resumed run has the same rates."""

from __future__ import annotations

import math

from common.settings import TrainPlan


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
