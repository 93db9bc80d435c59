"""How far one round of training can move a tensor: bounds that no honest hospital breaks, whatever its slices.

They need no other hospital to compare with, so they hold in the first round and with two hospitals. What is within them
may still be wrong; `common.protocol.steps.clip` then compares the hospitals with each other.

**Adam** starts anew in each round, and its step ``t`` moves a weight by ``rate * m / sqrt(v)``, with both means
corrected for their start. By Cauchy-Schwarz no sequence of gradients makes that longer than ``rate * _adam_reach(t)``:
1.0 at the first step, 1.4 at the 35th, 2.3 at the 100th, 7.3 in the limit. The bound is exact, so its head-room need
only be that of rounding; real training stays below it because gradients change their sign.

**SGD** moves a weight by the rate times its gradient, which no formula bounds. A gradient of 100 is far above what
honest training shows (``docs/poisoning.md``); what breaks this bound has diverged, or is no training.

**Batch normalisation**: a step takes nine tenths of a running variance and a tenth of a batch's, which is not negative.
So after K steps at least ``0.9 ** K`` of the variance that was sent is left. Upwards nothing is exact; a mean of
a thousand, or a variance of a million, is a thousand standard deviations of what a freshly initialised layer gives, and
what was sent before counts, too. A counter grows by one at each step.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from common.config.settings import TrainPlan
from common.model.weights import AnyArray, is_weight

_BETA_1, _BETA_2 = 0.9, 0.999  # PyTorch's, which training takes
_LARGEST_GRADIENT = 100.0
_ROUNDING = 1.02  # of products and sums in float32
_ULP = 2.0**-23
_KEPT_PER_STEP = 0.9  # of a running statistic; PyTorch's momentum is 0.1
_SMALLEST_NORMAL = 1e-37  # below it float32 loses digits
_DEVIATIONS = 1e3


def training_problem(
    reference: Mapping[str, AnyArray],
    update: Mapping[str, AnyArray],
    train: TrainPlan,
    rates: Sequence[float],
    lost: float = 0.0,
) -> str | None:
    """Name the first tensor that training cannot have made of the one that was sent; None where it can have made all.

    Parameters
    ----------
    reference, update : mapping of str to ndarray
        What was sent and what came back, with equal names, shapes and types, and finite values.
    rates : sequence of float
        Learning rate of each step of the round.
    lost : float
        Share of its longest number that the coding of an update may lose; the next update makes up for it.
    """
    reach = Reach.of(train, rates).with_lost(lost, Reach.of(train, [train.lr] * len(rates)))
    for name, before in reference.items():
        after, kind = update[name], name.rpartition(".")[2]
        if is_weight(name):
            problem = _weight_problem(name, before, after, reach)
        elif kind == "num_batches_tracked":
            problem = _counter_problem(name, before, after, len(rates))
        elif kind == "running_var":
            problem = _variance_problem(name, before, after, len(rates))
        else:
            problem = _mean_problem(name, before, after, reference.get(f"{name.rpartition('.')[0]}.running_var"))
        if problem:
            return problem
    return None


def reaches(reference: Mapping[str, AnyArray], train: TrainPlan, rates: Sequence[float]) -> dict[str, float]:
    """Return the bounds as numbers: how far a weight can move, how large a statistic can be; counters have none."""
    reach = Reach.of(train, rates)
    found = {}
    for name, before in reference.items():
        stem, _, kind = name.rpartition(".")
        if is_weight(name):
            found[name] = _longest(before, reach) if before.size else _SMALLEST_NORMAL
        elif kind == "running_var":
            found[name] = _most_variance(before)
        elif kind == "running_mean":
            found[name] = _most_mean(before, reference.get(f"{stem}.running_var"))
    return found


@dataclass(frozen=True)
class Reach:
    """How far the steps of one round can move a weight."""

    steps: int
    way: float  # by gradients
    decay: float  # by weight decay, as a share of the weight

    @staticmethod
    def of(train: TrainPlan, rates: Sequence[float]) -> "Reach":
        """Add up the steps."""
        inertia = train.momentum if train.optimiser == "sgd" else 0.0
        pushed = [rate * (1 - inertia**step) / (1 - inertia) for step, rate in enumerate(rates, 1)]
        if train.optimiser == "adam":
            way = sum(rate * _adam_reach(step) for step, rate in enumerate(rates, 1))
        else:
            way = _LARGEST_GRADIENT * sum(pushed)
        return Reach(len(rates), way, train.weight_decay * sum(pushed))

    def with_lost(self, share: float, before: "Reach") -> "Reach":
        """Return the reach of an update that also brings what the coding lost of those before, which reached as far."""
        way, decay = share * (self.way + before.way), share * (self.decay + before.decay)
        return Reach(self.steps, self.way + way, self.decay + decay)

    def longest(self, largest: float) -> float:
        """Return how far a weight can go in a tensor whose largest absolute value is `largest`."""
        end = largest + self.way
        return _ROUNDING * (self.way + self.decay * end) + self.steps * _ULP * end


def _adam_reach(step: int) -> float:
    """Return the longest step number `step` of Adam, in rates."""
    shrink = _BETA_1**2 / _BETA_2
    weights = (1 - _BETA_1) ** 2 / (1 - _BETA_2) * (1 - shrink**step) / (1 - shrink)
    return math.sqrt(weights * (1 - _BETA_2**step)) / (1 - _BETA_1**step)


def _weight_problem(name: str, before: AnyArray, after: AnyArray, reach: Reach) -> str | None:
    if not before.size:
        return None
    allowed = _longest(before, reach)
    with np.errstate(over="ignore"):  # between two numbers that are both too large
        moved = _largest(np.subtract(after, before))
    if moved <= allowed:
        return None
    times = float(np.abs(after.astype(np.float64) - before.astype(np.float64)).max()) / allowed
    return f"its update of {name} is {_times(times)} as large as {reach.steps} steps of training can make it"


def _longest(before: AnyArray, reach: Reach) -> float:
    return max(reach.longest(_largest(before)), _SMALLEST_NORMAL)


def _largest(values: AnyArray) -> float:
    return max(float(values.max()), -float(values.min()))


def _counter_problem(name: str, before: AnyArray, after: AnyArray, steps: int) -> str | None:
    if np.array_equal(after, np.add(before, steps)):
        return None
    return f"its {name} did not grow by the {steps} steps of this round"


def _variance_problem(name: str, before: AnyArray, after: AnyArray, steps: int) -> str | None:
    kept = before.astype(np.float64) * _KEPT_PER_STEP**steps / _ROUNDING
    if np.less(after, np.where(kept > _SMALLEST_NORMAL, kept, 0)).any():
        return f"its {name} holds a variance of {float(after.min()):.3g}, which {steps} steps cannot have left"
    if np.greater(after, _most_variance(before)).any():
        return f"its {name} holds a variance of {float(after.max()):.3g}, which no slice can have made"
    return None


def _mean_problem(name: str, before: AnyArray, after: AnyArray, variance: AnyArray | None) -> str | None:
    if np.greater(np.abs(after), _most_mean(before, variance)).any():
        return f"its {name} holds a mean of {float(np.abs(after).max()):.3g}, which no slice can have made"
    return None


def _most_variance(before: AnyArray) -> float:
    return _DEVIATIONS**2 * max(1.0, float(before.max(initial=0)))


def _most_mean(before: AnyArray, variance: AnyArray | None) -> float:
    deviation = math.sqrt(max(1.0, float(variance.max(initial=0)) if variance is not None else 1.0))
    return _DEVIATIONS * deviation + float(np.abs(before).max(initial=0))


def _times(times: float) -> str:
    return f"{times:,.1f} times" if times < 1e6 else f"{times:.0e} times"
