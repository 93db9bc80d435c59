"""No tensor of an update may go further than the median hospital's; one that is far longer as a whole counts nothing.

What is within the bounds of `common.protocol.bounds` may still be many times as long as honest training is. Only a
comparison shows that: with three hospitals or more the median of their lengths is that of an honest one as long as
most are (norm clipping: Sun et al., Can you really backdoor federated learning?, 2019). It is done tensor by tensor,
since otherwise the whole length could go into one bias.

Statistics of batch normalisation are taken anew from a hospital's slices in each round, so that they are measured not
from what was sent but from the median of the hospitals, channel by channel; measured from what was sent, a wrong one
would be kept alive for ever by whoever made it. Their measure is what they mean: a mean counts in standard deviations
of its channel, a variance by its logarithm, so that a clipped one is positive. What is no longer than allowed is left
as it is, to the bit.

Clipped, a step the other way still takes back a hospital's share of every round. So an update that is more than `FAR`
times as long as the median is left out of the mean. More slices are more steps, which may go further: where a hospital
has more than the median one, its length may be as many times longer.

With fewer than three hospitals nothing is compared: of two lengths nobody can say which is wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from statistics import median

import numpy as np

from common.model.weights import AnyArray, Arrays, is_weight, weights_of
from common.protocol.plan import Plan
from common.protocol.postprocess import AnyUpdates, Step

FEWEST = 3  # hospitals of which a median can leave one out
FAR = 3.0  # times the median; honest updates of hospitals of one size were 0.97 to 1.15 times as long
_EPSILON = 1e-5  # PyTorch's, beside a variance
_TINY = 1e-30

Lengths = dict[str, float]  # by tensor


class Clip(Step):
    """Compares the lengths of a round's updates, and shortens each tensor that is longer than it may be."""

    name = "clip"
    position = 10

    def __init__(self, times: float) -> None:
        self.times = times

    @classmethod
    def of(cls, plan: Plan) -> "Clip | None":
        """Return the step; None where the plan clips nothing."""
        return cls(plan.strategy.clip_to_median) if plan.strategy.clip_to_median else None

    def on_round(self, updates: AnyUpdates, reference: Mapping[str, AnyArray]) -> AnyUpdates:
        """Measure every update once; what is too long is shortened whenever it is read."""
        if len(updates.hospitals) < FEWEST:
            return updates
        measured, kept = [], []
        for update in updates.read():
            measured.append(lengths(weights_of(update), reference))
            kept.append(statistics_of(update))  # a thousandth of a model
        start = {**reference, **middle(kept)}
        for own, statistics in zip(measured, kept, strict=True):
            own |= lengths(statistics, start)
        far = too_far([length_of(own) for own in measured], updates.samples)
        counts = [0 if out else count for out, count in zip(far, updates.counts or updates.samples, strict=True)]
        shares = clip_shares(measured, self.times)

        def read() -> Iterator[Arrays]:
            for update, own in zip(updates.read(), shares, strict=True):
                yield clipped(update, own, start)

        return replace(updates, read=read, shares=shares, counts=counts)


def lengths(update: Mapping[str, AnyArray], reference: Mapping[str, AnyArray]) -> Lengths:
    """Return how far each tensor is from where it started, in its own measure; counters have none."""
    return {name: _length(name, update, reference) for name in update if update[name].dtype.kind == "f"}


def statistics_of(update: Mapping[str, AnyArray]) -> Arrays:
    """Return the running means and variances of a model."""
    return {name: array for name, array in update.items() if not is_weight(name) and array.dtype.kind == "f"}


def middle(statistics: list[Arrays]) -> Arrays:
    """Return the hospitals' median of each running mean and variance, channel by channel."""
    return {
        name: np.median([each[name] for each in statistics], axis=0).astype(array.dtype)
        for name, array in statistics[0].items()
    }


def length_of(weights: Lengths) -> float:
    """Return how far the weights of an update go together."""
    return sqrt(sum(length**2 for name, length in weights.items() if is_weight(name)))


def too_far(whole: Sequence[float], samples: Sequence[int]) -> list[bool]:
    """Tell of each update whether it is far too long to count, from its length and its hospital's slices."""
    allowed, middle = FAR * median(whole), median(samples)
    return [length > allowed * max(1.0, count / middle) for length, count in zip(whole, samples, strict=True)]


def clip_shares(measured: list[Lengths], times: float) -> list[Lengths]:
    """Return for each update what is to be left of those tensors that are longer than `times` the median length."""
    allowed = {name: times * median(each[name] for each in measured) for name in measured[0]}
    return [
        {name: allowed[name] / length for name, length in each.items() if length > allowed[name]} for each in measured
    ]


def clipped(update: Arrays, shares: Lengths, reference: Mapping[str, AnyArray]) -> Arrays:
    """Shorten tensors to a share of their way."""
    return update | {name: _shortened(name, update, reference, share) for name, share in shares.items()}


def _length(name: str, update: Mapping[str, AnyArray], reference: Mapping[str, AnyArray]) -> float:
    way = _way(name, update, reference)
    return float(
        np.sqrt(np.square(way).sum(dtype=np.float64))
    )  # NumPy's own sum is the same with any number of threads


def _way(name: str, update: Mapping[str, AnyArray], reference: Mapping[str, AnyArray]) -> AnyArray:
    after, before = update[name], reference[name]
    if is_weight(name):
        return np.subtract(after, before)
    if name.endswith("running_var"):
        return np.log(np.maximum(after, _TINY)) - np.log(np.maximum(before, _TINY))
    variance = reference.get(name.removesuffix("running_mean") + "running_var", np.ones((), before.dtype))
    return np.subtract(after, before) / np.sqrt(np.add(variance, _EPSILON))


def _shortened(name: str, update: Mapping[str, AnyArray], reference: Mapping[str, AnyArray], share: float) -> AnyArray:
    after, before = update[name], reference[name]
    if name.endswith("running_var"):
        way = np.multiply(share, _way(name, update, reference))
        return np.multiply(np.maximum(before, _TINY), np.exp(way)).astype(before.dtype)
    return np.add(before, np.multiply(share, np.subtract(after, before))).astype(before.dtype)
