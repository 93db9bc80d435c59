"""An update as whole numbers whose sum cannot overflow, and the mean that their sum stands for.

Each hospital sends its slices times its update, in steps that everybody uses. No update is longer than a round of
training can make it (`common.protocol.bounds`), and the slices of all hospitals together are known, so the longest sum
is known, and the step is chosen such that this sum just fits into the ring: overflow is impossible by construction,
whoever is lost. A rounding is at most half a step at each hospital, which bounds the difference to the plain mean.

With noise (`common.privacy.shared`) all hospitals count alike, since a patient's clip and the noise must be worth the
same wherever they come from, and the longest update is that of the clip and the noise.

Weights travel as their difference to the model that was sent, batch normalisation's statistics as they are. Counters do
not travel: they grow by the steps of a round, which follow from the slices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from common.config.dp import DpPlan
from common.config.settings import TrainPlan
from common.model.weights import AnyArray, Arrays, average_buffers, is_weight, weights_of
from common.privacy.shared import FEWEST_STEPS, longest_steps, part_in_steps, part_of
from common.protocol.bounds import reaches
from common.secagg.refusal import SecureRefusal
from common.secagg.ring import STATISTICS, STATISTICS_BITS, WEIGHTS, Part, Parts, Vector, zeros
from common.secagg.session import Session

_EXACT_BITS = 48  # of a float64's 53, so that its own rounding is far below a step


@dataclass(frozen=True)
class Quantiser:
    """Turns the updates of one session into vectors, and their sum into a mean.

    Attributes
    ----------
    reference : dict of str to ndarray
        The model that was sent.
    steps : dict of str to float
        By tensor: what one whole number is worth, in slices times update.
    """

    reference: Arrays
    parts: Parts
    steps: Mapping[str, float]
    total: int  # slices of all hospitals together; with noise, hospitals
    hospitals: int

    @staticmethod
    def of(reference: Arrays, session: Session, train: TrainPlan, rate: float, dp: DpPlan | None = None) -> "Quantiser":
        """Choose the steps.

        Parameters
        ----------
        rate : float
            The highest learning rate of the round.
        dp : DpPlan, optional
            Of hospitals that share noise.

        Raises
        ------
        SecureRefusal
            ``DP030`` if they are too coarse for the noise.
        """
        if session.noise and dp:
            part = part_of(session.noise, session.threshold)
            longest = longest_steps(weights_of(reference), dp, part, rate)
        else:
            longest = reaches(reference, train, [rate] * session.steps)
        count = len(session.hospitals)
        steps = {}
        for name, reach in longest.items():
            bits = session.bits if is_weight(name) else _EXACT_BITS
            room = 2 ** (bits - 1) - 1 - count  # a step each for the roundings
            steps[name] = session.total * reach / room
        if session.noise and dp and part_in_steps(dp, part, rate, max(steps.values())) < FEWEST_STEPS:
            raise SecureRefusal(
                "DP030",
                f"With {session.bits} bits a weight the noise of round {session.round} would be lost in the rounding; "
                "set privacy.bits=32, or a lower privacy.epsilon.",
            )
        sizes = {True: 0, False: 0}
        for name in longest:
            sizes[is_weight(name)] += reference[name].size
        parts = Part(WEIGHTS, session.bits, sizes[True]), Part(STATISTICS, STATISTICS_BITS, sizes[False])
        return Quantiser(reference, parts, steps, session.total, count)

    def encode(self, update: Mapping[str, AnyArray], samples: int) -> Vector:
        """Write a hospital's part of the sum.

        Raises
        ------
        SecureRefusal
            ``SECAGG006`` if it is longer than the bound, or the hospital has more slices than all together.
        """
        vector = zeros(self.parts)
        for name, part, where in self._places():
            value = update[name].astype(np.float64)
            if is_weight(name):
                np.subtract(value, self.reference[name].astype(np.float64), out=value)
            numbers = np.rint(value * (samples / self.steps[name]))
            allowed = self._allowed(part.bits, samples)
            if not bool((np.abs(numbers) <= allowed).all()) or samples > self.total:
                raise SecureRefusal(
                    "SECAGG006",
                    f"This hospital's update of {name} is longer than the terms of this attempt allow, so it was not "
                    "sent; the hospital's own program may be at fault, or the centre's count of slices.",
                )
            vector[part.name][where] = numbers.reshape(-1).astype(np.int64).astype(part.dtype)
        return vector

    def decode(self, total: Vector, samples: Mapping[str, int], steps: Mapping[str, int]) -> Arrays:
        """Return the mean of those whose updates are in a sum.

        Parameters
        ----------
        samples, steps : mapping of str to int
            Training slices and steps of each.
        """
        everything = sum(samples.values())
        values = {part.name: part.signed(total[part.name]) for part in self.parts}
        mean: Arrays = {}
        for name, part, where in self._places():
            value = (values[part.name][where] * (self.steps[name] / everything)).reshape(self.reference[name].shape)
            if is_weight(name):
                np.add(value, self.reference[name].astype(np.float64), out=value)
            mean[name] = value.astype(self.reference[name].dtype)
        mean |= average_buffers([self._counters(count) for count in steps.values()], list(samples.values()))
        return {name: mean[name] for name in self.reference}

    def error(self, hospitals: int, everything: int) -> float:
        """Return the most by which a weight of the mean differs from the plain one, but for float32's own rounding."""
        largest = max((step for name, step in self.steps.items() if is_weight(name)), default=0.0)
        return largest * hospitals / (2 * everything)

    def _allowed(self, bits: int, samples: int) -> float:
        room = 2 ** (min(bits, _EXACT_BITS) - 1) - 1 - self.hospitals
        return room * samples / self.total + 1

    def _places(self) -> Sequence[tuple[str, Part, slice]]:
        """Return each tensor with the part of the vector that it is in, and where."""
        weights, statistics = self.parts
        starts, places = {weights.name: 0, statistics.name: 0}, []
        for name in self.steps:
            part = weights if is_weight(name) else statistics
            end = starts[part.name] + self.reference[name].size
            places.append((name, part, slice(starts[part.name], end)))
            starts[part.name] = end
        return places

    def _counters(self, steps: int) -> Arrays:
        """Return what a hospital's counters are after so many steps."""
        counters = {name: value for name, value in self.reference.items() if name not in self.steps}
        return {name: np.add(value, steps, dtype=value.dtype) for name, value in counters.items()}
