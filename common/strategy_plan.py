"""Which numbers each strategy takes, and what it asks of the hospitals."""

from __future__ import annotations

from common.kept import EVERYTHING, NORMALISATION, NOTHING
from common.settings import StrategyPlan, StrategySettings

# name to those fields of StrategySettings that only some strategies use
NUMBERS: dict[str, tuple[str, ...]] = {
    "fedavg": (),
    "fedprox": ("proximal_mu",),
    "fedbn": (),
    "local": (),
    "pooled": (),
}
# name to what stays at each hospital, where that is not nothing
_KEEPS = {"fedbn": NORMALISATION, "local": EVERYTHING}


def strategy_plan(settings: StrategySettings) -> StrategyPlan:
    """Take from a strategy's settings what travels."""
    return StrategyPlan(proximal_mu=settings.proximal_mu or 0.0, keeps=_KEEPS.get(settings.name, NOTHING))


def users_of(number: str) -> list[str]:
    """Return the strategies that use a number, for example ``"server_lr"``."""
    return [name for name, numbers in NUMBERS.items() if number in numbers]
