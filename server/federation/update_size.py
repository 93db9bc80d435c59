"""An update that training cannot have made: Adam moves a weight by about its rate in a step, so steps bound the way.

With Adam's usual constants no step is longer than 3.2 times the rate (Kingma and Ba, 2015, section 2.1). The rule needs
no other hospital to compare with, so it holds in the first round, with two hospitals, and where several are wrong. A
step of SGD is as long as its gradient, which nothing bounds, so there this rule does not judge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from common.config.settings import TrainPlan
from common.model.weights import is_weight
from common.training.train import steps_in_round

_LONGEST_STEP = 4.0  # rates; 3.2 and some room for weight decay


def size_problem(
    update: Mapping[str, npt.NDArray[np.generic]],
    reference: Mapping[str, npt.NDArray[np.generic]],
    train: TrainPlan,
    samples: int,
    server_round: int,
) -> str | None:
    """Say by how much an update is too large.

    Parameters
    ----------
    update, reference : mapping of str to ndarray
        What came, and the model that was sent; of the same names and shapes.
    train : TrainPlan
        How the hospital was asked to train.
    samples : int
        Its training slices.
    server_round : int
        Present round, from 1.

    Returns
    -------
    str or None
        A clause, or None for an update that training can have made.
    """
    if train.optimiser != "adam":
        return None
    square = count = 0.0
    for name, before in reference.items():
        if is_weight(name):
            change = update[name].astype(np.float64) - before.astype(np.float64)
            square += float(np.vdot(change, change))
            count += change.size
    steps = sum(steps_in_round(samples, train, server_round))
    allowed = _LONGEST_STEP * train.lr * steps
    times = math.sqrt(square / max(count, 1)) / allowed
    if times > 1:
        return f"its update is {times:,.1f} times as large as {steps} steps of training can make it"
    return None
