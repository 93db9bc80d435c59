"""What every strategy is: a function from a round's updates to a new model, and a memory that survives a restart."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from common.config.strategies import StrategySettings
from common.model.weights import AnyArray, Arrays
from common.protocol.plan import Plan
from server.strategies.updates import Updates

Memory = dict[str, Arrays]


class Aggregator(ABC):
    """Combines the updates of a round.

    A class names the strategies that it is (as ``strategy=...`` does); their rows in `common.config.strategies` say the
    rest: which numbers they take, what stays at the hospitals, whether the updates may be summed without a look at any
    single one.
    """

    names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: StrategySettings, plan: Plan) -> None:
        self.settings = settings
        self.plan = plan

    def aggregate(self, server_round: int, updates: Updates, reference: Mapping[str, AnyArray]) -> Arrays:
        """Return the new global model.

        Parameters
        ----------
        updates : Updates
            Of the hospitals whose answer is usable; at least one.
        reference : mapping of str to ndarray
            The model that was sent; gives order and dtypes.
        """
        combined = self._combine(server_round, updates, reference)
        return {name: np.asarray(combined[name]).astype(value.dtype) for name, value in reference.items()}

    @abstractmethod
    def _combine(self, server_round: int, updates: Updates, reference: Mapping[str, AnyArray]) -> Arrays:
        """Return every tensor of the new model, in any dtype."""

    def global_control(self) -> Arrays:
        """Return what travels to the hospitals beside the model when they train; usually nothing."""
        return {}

    def memory(self) -> Memory:
        """Return what the next round needs of the last ones, by name; empty before the first round."""
        return {}

    def recall(self, memory: Memory) -> None:  # noqa: B027 (most strategies have no memory)
        """Take up what `memory` returned after the round before."""
