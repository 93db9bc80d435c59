"""The server refuses an update that is no model, and one that training cannot have made.

Adam moves a weight by about its rate in a step, so steps bound the way: with Adam's usual constants no step is longer
than 3.2 times the rate (Kingma and Ba, 2015, section 2.1). The rule needs no other hospital to compare with, so it
holds in the first round, with two hospitals, and where several are wrong. A step of SGD is as long as its gradient,
which nothing bounds, so there this rule does not judge.
"""

import math

import numpy as np

from common.model.weights import Arrays, check_update, is_weight
from common.protocol.postprocess import Step, UnusableAnswer, UpdateContext

_LONGEST_STEP = 4.0  # rates; 3.2 and some room for weight decay


class Check(Step):
    """First in the chain, so the last thing that the server does to an update."""

    name = "check"
    position = 0

    def at_server(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Let pass what can be a trained model."""
        if problem := check_update(context.reference, update) or size_problem(update, context):
            raise UnusableAnswer(problem)
        return update


def size_problem(update: Arrays, context: UpdateContext) -> str | None:
    """Say by how much an update is too large; None for one that training can have made."""
    train = context.plan.train
    if train.optimiser != "adam":
        return None
    square = count = 0.0
    for name, before in context.reference.items():
        if is_weight(name):
            change = update[name].astype(np.float64) - before.astype(np.float64)
            square += float(np.vdot(change, change))
            count += change.size
    times = math.sqrt(square / max(count, 1)) / (_LONGEST_STEP * train.lr * context.steps)
    if times > 1:
        return f"its update is {times:,.1f} times as large as {context.steps} steps of training can make it"
    return None
