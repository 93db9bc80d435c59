"""Numbers of a strategy that make no sense, or that it does not use."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from common.config.settings import StrategyPlan, StrategySettings, TrainPlan
from common.config.strategies import NUMBERS, fewest_hospitals, users_of
from common.model.local_layers import KEEPS

Problem = tuple[str, object, str]

_TAKES: dict[str, tuple[str, Callable[[float], bool]]] = {
    "proximal_mu": ("0 or more", lambda value: value >= 0),
    "server_lr": ("a rate above 0", lambda value: value > 0),
    "server_momentum": ("a share from 0 to below 1", lambda value: 0 <= value < 1),
    "beta_1": ("a share from 0 to below 1", lambda value: 0 <= value < 1),
    "beta_2": ("a share from 0 to below 1", lambda value: 0 <= value < 1),
    "tau": ("a number above 0", lambda value: value > 0),
    "trim_fraction": ("a share above 0 and below 0.5", lambda value: 0 < value < 0.5),
    "malicious_hospitals": ("a whole number from 0", lambda value: value >= 0),
}


def strategy_problems(s: StrategySettings, hospitals: int) -> Iterator[Problem]:
    """Yield what is wrong with a strategy's settings: the setting, its value, and what it takes."""
    if s.name not in NUMBERS:
        yield "strategy.name", s.name, ", ".join(NUMBERS)
        return
    wrong = list(_number_problems(s))
    yield from wrong
    if not wrong:
        yield from _size_problems(s, hospitals)
    if s.attempts < 1:
        yield "strategy.attempts", s.attempts, "a whole number from 1"
    for name in ("timeout_seconds", "wait_seconds"):
        if not getattr(s, name) > 0:
            yield f"strategy.{name}", getattr(s, name), "a number of seconds above 0"


def _number_problems(s: StrategySettings) -> Iterator[Problem]:
    for number, (wanted, holds) in _TAKES.items():
        value = getattr(s, number)
        if number not in NUMBERS[s.name]:
            if value is not None:
                yield f"strategy.{number}", value, f"null with {s.name}; it belongs to {', '.join(users_of(number))}"
        elif value is None or not math.isfinite(value) or not holds(value):
            yield f"strategy.{number}", value, f"{wanted}; strategy={s.name} sets one"


def _size_problems(s: StrategySettings, hospitals: int) -> Iterator[Problem]:
    fewest = fewest_hospitals(s)
    if hospitals < fewest:
        number = next(iter(NUMBERS[s.name]), "name")
        enough = f"a value for which {hospitals} hospitals are enough, and this one needs {fewest}"
        yield f"strategy.{number}", getattr(s, number), enough
    elif s.min_hospitals is not None and not fewest <= s.min_hospitals <= hospitals:
        wanted = f"{fewest} to {hospitals}, the number of hospitals that take part"
        yield "strategy.min_hospitals", s.min_hospitals, wanted


def strategy_plan_problems(plan: StrategyPlan, train: TrainPlan) -> Iterator[Problem]:
    """Yield what a hospital cannot do of what a strategy asks."""
    if not (math.isfinite(plan.proximal_mu) and plan.proximal_mu >= 0):
        yield "strategy.proximal_mu", plan.proximal_mu, "0 or more"
    if plan.keeps not in KEEPS:
        yield "strategy.keeps", plan.keeps, ", ".join(KEEPS)
    if plan.control_variates and train.optimiser != "sgd":
        yield "train.optimiser", train.optimiser, "sgd with scaffold, whose correction is that of a gradient step"
    elif plan.control_variates and train.momentum:
        yield "train.momentum", train.momentum, "0 with scaffold, whose correction momentum would count several times"
