"""The strategies by the name that ``strategy.name`` gives."""

from __future__ import annotations

from collections.abc import Callable

from common.config.strategies import StrategySettings, fewest_hospitals
from common.protocol.plan import Plan
from common.training.gradients import summed_rates
from server.strategies import adaptive, robust
from server.strategies.averaging import Averaging
from server.strategies.combining import Combining, flower_options
from server.strategies.scaffold import Scaffold

_Make = Callable[..., Combining]

# name to its class, and that class's word for each number of the settings
_STRATEGIES: dict[str, tuple[_Make, dict[str, str]]] = {
    "fedavg": (Averaging, {}),
    "fedprox": (Averaging, {}),
    "fedbn": (Averaging, {}),
    "local": (Averaging, {}),
    "pooled": (Averaging, {}),
    "fedavgm": (
        adaptive.Momentum,
        {"server_learning_rate": "server_lr", "server_momentum": "server_momentum"},
    ),
    "fedadam": (adaptive.Adam, {"eta": "server_lr", "beta_1": "beta_1", "beta_2": "beta_2", "tau": "tau"}),
    "fedyogi": (adaptive.Yogi, {"eta": "server_lr", "beta_1": "beta_1", "beta_2": "beta_2", "tau": "tau"}),
    "fedmedian": (robust.Median, {}),
    "fedtrimmedavg": (robust.TrimmedMean, {"beta": "trim_fraction"}),
    "krum": (robust.Central, {"num_malicious_nodes": "malicious_hospitals"}),
    "scaffold": (Scaffold, {"server_lr": "server_lr"}),
}


def make_strategy(settings: StrategySettings, plan: Plan | None = None) -> Combining:
    """Build the strategy that checked settings name.

    Parameters
    ----------
    settings : StrategySettings
        Its name and its numbers.
    plan : Plan, optional
        What the hospitals follow; SCAFFOLD needs their rates.

    Notes
    -----
    FedBN is the mean of what travels, local training of nothing; pooled training has its own rounds
    (`server.federation.pooled`).
    """
    if settings.name not in _STRATEGIES:
        raise ValueError(f"unknown strategy {settings.name!r}")
    make, words = _STRATEGIES[settings.name]
    options = {word: getattr(settings, number) for word, number in words.items()}
    if make is Scaffold:
        if plan is None:
            raise ValueError("scaffold needs the hospitals' plan")
        options["summed_rates"] = lambda samples, number: summed_rates(samples, plan.train, number, plan.rounds)
    return make(**flower_options(), **options)


def quorum(settings: StrategySettings, hospitals: int) -> int:
    """Return how many usable updates a round needs: by default all but one, two, and what the strategy needs."""
    return settings.min_hospitals or max(2, hospitals - 1, fewest_hospitals(settings))
