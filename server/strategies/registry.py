"""The strategies by the name that ``strategy.name`` gives: their classes are looked for in the files of this folder."""

import importlib
import pkgutil

import server.strategies
from common.config.strategies import StrategySettings, fewest_hospitals
from common.protocol.plan import Plan
from server.strategies.aggregator import Aggregator


def make_strategy(settings: StrategySettings, plan: Plan) -> Aggregator:
    """Build the strategy that checked settings name, for hospitals that follow `plan`."""
    for kind in _aggregators():
        if settings.name in kind.names:
            return kind(settings, plan)
    raise ValueError(f"unknown strategy {settings.name!r}")


def quorum(settings: StrategySettings, hospitals: int) -> int:
    """Return how many usable updates a round needs: by default all but one, two, and what the strategy needs."""
    return settings.min_hospitals or max(2, hospitals - 1, fewest_hospitals(settings))


def _aggregators() -> list[type[Aggregator]]:
    found: list[type[Aggregator]] = []
    for module in pkgutil.iter_modules(server.strategies.__path__):
        content = vars(importlib.import_module(f"{server.strategies.__name__}.{module.name}")).values()
        found += [each for each in content if isinstance(each, type) and issubclass(each, Aggregator)]
    return found
