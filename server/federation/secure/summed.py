"""The updates of a round of which nothing but their weighted mean is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.model.weights import AnyArray, Arrays
from server.strategies.updates import Updates


@dataclass(frozen=True)
class Summed(Updates):
    """What a linear strategy needs of a round; there is no update to read."""

    mean: Arrays = field(default_factory=dict)

    def weighted_mean(self, reference: Mapping[str, AnyArray], shares: Sequence[float] | None = None) -> Arrays:
        """Return the mean, weighted by the hospitals' slices; no other can be made of a sum."""
        if shares is not None:
            raise ValueError("a sum of updates has one weighting")
        return dict(self.mean)
