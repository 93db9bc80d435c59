"""Made-up updates, as the server hands them to a strategy, and strategies to take them."""

from collections.abc import Sequence

from common.config.strategies import StrategySettings
from common.model.weights import Arrays
from common.protocol.plan import Plan
from server.strategies.aggregator import Aggregator
from server.strategies.registry import make_strategy
from server.strategies.updates import Updates
from tests.support.hospitals import PLAN


def updates_of(*parts: tuple[Arrays, int], keys: Sequence[str] = ()) -> Updates:
    """Return updates of (model, training slices), in memory; hospitals are h0, h1, ... or named by `keys`."""
    keys, samples = keys or [f"h{number}" for number in range(len(parts))], [samples for _, samples in parts]
    return Updates(keys, samples, lambda: iter([dict(model) for model, _ in parts]))


def strategy_of(settings: StrategySettings, plan: Plan = PLAN) -> Aggregator:
    """Return a strategy for made-up hospitals."""
    return make_strategy(settings, plan)
