"""Which numbers each strategy takes, and what it asks of the hospitals."""

from __future__ import annotations

from itertools import count

from common.config.settings import StrategyPlan, StrategySettings
from common.errors import InputError
from common.model.local_layers import EVERYTHING, NORMALISATION, NOTHING

POOLED_STRATEGY = "pooled"

# name to those fields of StrategySettings that only some strategies use
NUMBERS: dict[str, tuple[str, ...]] = {
    "fedavg": (),
    "fedprox": ("proximal_mu",),
    "fedavgm": ("server_lr", "server_momentum"),
    "fedadam": ("server_lr", "beta_1", "beta_2", "tau"),
    "fedyogi": ("server_lr", "beta_1", "beta_2", "tau"),
    "fedmedian": (),
    "fedtrimmedavg": ("trim_fraction",),
    "krum": ("malicious_hospitals",),
    "scaffold": ("server_lr",),
    "fedbn": (),
    "local": (),
    "pooled": (),
}
# name to what stays at each hospital, where that is not nothing
_KEEPS = {"fedbn": NORMALISATION, "local": EVERYTHING}


def strategy_plan(settings: StrategySettings) -> StrategyPlan:
    """Take from a strategy's settings what travels."""
    return StrategyPlan(
        proximal_mu=settings.proximal_mu or 0.0,
        control_variates=settings.name == "scaffold",
        keeps=_KEEPS.get(settings.name, NOTHING),
    )


def users_of(number: str) -> list[str]:
    """Return the strategies that use a number, for example ``"server_lr"``."""
    return [name for name, numbers in NUMBERS.items() if number in numbers]


def fewest_hospitals(settings: StrategySettings) -> int:
    """Return how many updates a strategy needs in order to do what its name says.

    The median of two is their mean; a trimmed mean leaves out ``int(trim_fraction * n)`` at each end; Krum bears f
    wrong updates among ``2f + 3`` (Blanchard et al., NeurIPS 2017, section 4).
    """
    if settings.name == "fedmedian":
        return 3
    if settings.name == "fedtrimmedavg":
        share = settings.trim_fraction or 0.0
        return next(n for n in count(max(3, int(1 / share) - 1)) if int(share * n) >= 1)
    if settings.name == "krum":
        return 2 * (settings.malicious_hospitals or 0) + 3
    return 1


def refuse_pooled(strategy: str) -> None:
    """Refuse what separate machines cannot do.

    Raises
    ------
    InputError
        ``STRATEGY001`` for ``"pooled"``.
    """
    if strategy == POOLED_STRATEGY:
        raise InputError(
            "STRATEGY001",
            "strategy=pooled takes every hospital's slices into one loader, so it is possible in a simulation only: "
            "python -m server.simulate strategy=pooled.",
        )
