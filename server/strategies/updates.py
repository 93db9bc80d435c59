"""A round's usable updates, read one after the other from memory or from disk, and their weighted mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from common.model.weights import AnyArray, Arrays, average_buffers, is_weight
from common.protocol.postprocess import RoundUpdates


@dataclass(frozen=True)
class Updates(RoundUpdates):
    """What the hospitals of one round trained."""

    @property
    def weights(self) -> Sequence[float]:
        """What each hospital counts: its training slices, unless the chain has limited that."""
        return self.counts or self.samples

    def weighted_mean(self, reference: Mapping[str, AnyArray], shares: Sequence[float] | None = None) -> Arrays:
        """Average the models; the memory holds two of them, however many there are.

        Weights are summed operation for operation as Flower's ``aggregate_arrayrecords`` (flwr 1.41's
        serverapp/strategy/strategy_utils.py) does, so that the result is Flower's to the bit. BatchNorm's statistics
        and counters are averaged as what they are.

        Parameters
        ----------
        reference : mapping of str to ndarray
            The model that was sent; gives order and dtypes.
        shares : sequence of float, optional
            What each hospital counts, in any unit; by default what the round's updates say.

        Returns
        -------
        dict of str to ndarray
        """
        shares = self.weights if shares is None else shares
        total = sum(shares)
        sums: Arrays = {}
        buffers: list[Arrays] = []
        for update, share in zip(self.read(), shares, strict=True):
            buffers.append({name: value for name, value in update.items() if not is_weight(name)})
            for name, value in update.items():
                if is_weight(name):
                    part = value * (share / total)  # type: ignore[operator]
                    sums[name] = part if name not in sums else np.add(sums[name], part, out=sums[name])
        sums |= average_buffers(buffers, shares)
        return {name: np.asarray(sums[name]).astype(value.dtype) for name, value in reference.items()}
