"""Differential privacy of each patient: what travels of it, and what it cannot be together with.

Neighbours are two hospitals of which one lacks all slices of one patient; how many slices and patients each holds, by
class and by part of the split, is public (``docs/privacy.md``). So nothing that is computed of a hospital's training
slices may reach the centre but through clipped and noised sums.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from common.config.architectures import ARCHITECTURES
from common.config.bounds import Bound, Problem, setting
from common.config.privacy import CLIP, DELTA, DP_COUNT, EPSILON, NOISE, VIEWS, PrivacySettings
from common.config.strategies import NOTHING, STRATEGIES, StrategyPlan, StrategySettings


def _or_zero(bound: Bound) -> Bound:
    return Bound(f"{bound.takes}, or 0", lambda value: value == 0 or bound.holds(value))


@dataclass
class DpPlan:
    """How hospitals bound and noise their sums, as `PrivacySettings` says; all zero is not at all. Travels to them."""

    epsilon: float = setting(0.0, _or_zero(EPSILON))
    delta: float = setting(0.0, _or_zero(DELTA))
    clip: float = setting(0.0, _or_zero(CLIP))
    patients_per_step: int = setting(0, _or_zero(DP_COUNT))
    steps: int = setting(0, _or_zero(DP_COUNT))
    noise: float = setting(0.0, _or_zero(NOISE))
    """0: each hospital takes the least with which its budget lasts."""
    views: int = setting(0, _or_zero(VIEWS))

    @property
    def is_used(self) -> bool:
        """Whether there is differential privacy at all."""
        return self != DpPlan()


def dp_plan(settings: PrivacySettings) -> DpPlan:
    """Take from the settings what travels."""
    if not settings.is_private:
        return DpPlan()
    epsilon, delta, noise = (number or 0.0 for number in (settings.epsilon, settings.delta, settings.noise))
    return DpPlan(epsilon, delta, settings.clip, settings.patients_per_step, settings.steps, noise, settings.views)


def dp_settings_problems(privacy: PrivacySettings, strategy: StrategySettings) -> Iterator[Problem]:
    """Yield what of the settings does not travel, or is said otherwise on the way, and cannot be."""
    name = privacy.name
    for each in ("epsilon", "delta"):
        value = getattr(privacy, each)
        if privacy.is_private and value is None:
            yield f"privacy.{each}", None, f"a number with privacy={name}: epsilon says nothing without delta"
        elif value is not None and not privacy.is_private:
            yield f"privacy.{each}", value, f"null with privacy={name}, which adds no noise; choose privacy=dp_sgd"
    if privacy.is_private and strategy.name in STRATEGIES and STRATEGIES[strategy.name].pooled:
        yield "privacy", name, f"none or secagg with strategy={strategy.name}, in which no hospital has a budget"


def dp_problems(dp: DpPlan, strategy: StrategyPlan, model: str, fine_tune_rounds: int) -> Iterator[Problem]:
    """Yield what a plan with differential privacy cannot be together with; server and hospital refuse the same."""
    if not dp.is_used:
        return
    for each in fields(dp):
        if each.name != "noise" and not getattr(dp, each.name):
            yield f"dp.{each.name}", 0, "a value above 0 where there is differential privacy"
    network = ARCHITECTURES.get(model)
    if network and network.batch_norm:
        others = " or ".join(name for name, row in ARCHITECTURES.items() if not row.batch_norm)
        yield "model", model, f"{others} with dp_sgd, since batch normalisation would mix a step's patients"
    reasons: dict[str, Any] = {
        "shares no model, so that no federation's epsilon is to be claimed": strategy.keeps != NOTHING,
        "sends a second mean of the gradients, without noise": strategy.control_variates,
    }
    for reason in (text for text, holds in reasons.items() if holds):
        yield "privacy", "dp_sgd", f"none or secagg with a strategy that {reason}"
    if fine_tune_rounds:
        yield "fine_tune_rounds", fine_tune_rounds, "0 with dp_sgd: those rounds would train on without noise"


def dp_training_problems(dp: DpPlan, softmax: str) -> Iterator[Problem]:
    """Yield how hospitals cannot train with differential privacy.

    Balanced and restricted softmax count a hospital's slices by class: a patient's slices would then change every other
    patient's gradient, which the clip does not bound.
    """
    if dp.is_used and softmax != "plain":
        yield "train.softmax", softmax, "plain with dp_sgd, which bounds what a patient does to its own gradient alone"


def shared_noise_problems(
    dp: DpPlan, strategy: StrategyPlan, optimiser: str, momentum: float, weight_decay: float
) -> Iterator[Problem]:
    """Yield what hospitals that share noise cannot do: their updates must add up to one step of all patients."""
    if dp.steps != 1:
        yield "privacy.steps", dp.steps, "1 with dp_sgd_secagg, where only the sum of one step carries enough noise"
    if optimiser != "sgd":
        yield "train.optimiser", optimiser, "sgd with dp_sgd_secagg, whose noise is shared: Adam's step is no sum"
    elif momentum:
        yield "train.momentum", momentum, "0 with dp_sgd_secagg, which takes one step a round"
    if weight_decay:
        yield (
            "train.weight_decay",
            weight_decay,
            "0 with dp_sgd_secagg, whose step is the gradients and the noise alone",
        )
    if strategy.proximal_mu:
        yield "strategy", "fedprox", "fedavg with dp_sgd_secagg: in a single step its pull is none"
