"""What the centre may learn of the hospitals' updates; ``docs/privacy.md`` says what that protects against."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from common.config.bounds import Bound, Problem, above_zero, one_of, setting, whole_from
from common.config.strategies import NOTHING, STRATEGIES, StrategyPlan, StrategySettings

NONE, SECAGG, DP_SGD, DP_SGD_SECAGG = PRIVACY = ("none", "secagg", "dp_sgd", "dp_sgd_secagg")
MASKS = (NONE, SECAGG)
FEWEST, MOST = 3, 20
"""Hospitals of a run with secure aggregation."""
BITS = (16, 24, 32)
EPSILON = above_zero("number", 1_000_000)
DELTA = Bound("a probability above 0 and below 1, for example 1e-5", lambda delta: 0 < delta < 1)
CLIP = above_zero("norm", 100)
NOISE = above_zero("multiplier", 10_000)
DP_COUNT = whole_from(1)
VIEWS = whole_from(1, most=64)
_HOSPITAL = re.compile(r"[a-z0-9_]{1,100}")


@dataclass
class PrivacySettings:
    """What the centre may learn of the hospitals' updates."""

    name: str = setting(NONE, one_of(*PRIVACY))
    """Every update (none), only their weighted sum (secagg: secure aggregation), updates to each of which the hospital
    has added noise (dp_sgd: differential privacy of each patient), or a sum that carries noise (dp_sgd_secagg)."""
    bits: int = setting(24, Bound("16, 24 or 32", BITS.__contains__))
    """Bits of a weight with secagg: 16 travel fastest, 24 are finer than Adam needs, 32 suit SGD with high rates."""
    threshold: int | None = setting(
        None, Bound(f"a whole number from 2 to {MOST}, or null", lambda count: 2 <= count <= MOST)
    )
    """Fewest hospitals of whose sum the centre may learn; more than half. Null means all but one, at least two."""
    epsilon: float | None = setting(None, EPSILON)
    """Budget of the whole run: one patient's slices change the probability of anything that the centre sees at most by
    a factor of e to this power. A hospital that has spent it trains no further."""
    delta: float | None = setting(None, DELTA)
    """Probability with which epsilon need not hold; below one by the number of a hospital's patients."""
    clip: float = setting(1.0, CLIP)
    """Longest gradient (L2 norm) that one patient adds to a step, with dp_sgd."""
    patients_per_step: int = setting(32, DP_COUNT)
    """Patients that a step of dp_sgd is expected to draw at each hospital; the sum is divided by it, whatever came."""
    steps: int = setting(16, DP_COUNT)
    """Steps of a round with dp_sgd, the same at every hospital; `train.local_epochs` counts nothing then."""
    noise: float | None = setting(None, NOISE)
    """Deviation of dp_sgd's noise, in clips. Null: each hospital takes the least with which epsilon lasts the run."""
    views: int = setting(1, VIEWS)
    """Augmented copies of each slice over which dp_sgd takes a patient's gradient (De et al., arXiv 2204.13650)."""

    @property
    def is_secure(self) -> bool:
        """Whether updates are masked."""
        return self.name in (SECAGG, DP_SGD_SECAGG)

    @property
    def is_private(self) -> bool:
        """Whether noise is added, so that a number says what one patient can be known by."""
        return self.name in (DP_SGD, DP_SGD_SECAGG)


@dataclass
class PrivacyPlan:
    """What hospitals hold the centre to; travels to them."""

    name: str = setting(NONE, one_of(*MASKS))
    bits: int = setting(24, Bound("16, 24 or 32", BITS.__contains__))
    threshold: int = setting(0, Bound(f"0 to {MOST}", lambda count: 0 <= count <= MOST))
    hospitals: list[str] = field(default_factory=list)
    """Keys of the run's hospitals, with secagg; nobody can join later."""

    @property
    def is_secure(self) -> bool:
        """Whether updates are masked."""
        return self.name == SECAGG


def privacy_plan(settings: PrivacySettings, hospitals: list[str]) -> PrivacyPlan:
    """Take from the settings what travels."""
    if not settings.is_secure:
        return PrivacyPlan()
    return PrivacyPlan(SECAGG, settings.bits, settings.threshold or max(2, len(hospitals) - 1), list(hospitals))


def settings_problems(
    privacy: PrivacySettings, strategy: StrategySettings, hospitals: int, keep_updates: bool
) -> Iterator[Problem]:
    """Yield what secure aggregation cannot be together with."""
    if not privacy.is_secure:
        return
    row = STRATEGIES.get(strategy.name)
    if row is None:
        return
    reasons = {
        "looks at each update, and with secagg nobody can": not row.linear,
        "leaves tensors at each hospital that were never tried with masked sums": row.local_layers != NOTHING,
        "needs a second mean of the updates, with other weights": row.control_variates,
        "pools all slices, so that there is no update to protect": row.pooled,
    }
    for reason in (text for text, holds in reasons.items() if holds):
        yield "privacy", privacy.name, f"none with strategy={strategy.name}, which {reason}"
    if not FEWEST <= hospitals <= MOST:
        yield "hospitals", f"{hospitals} of them", f"{FEWEST} to {MOST} with privacy={privacy.name}"
    elif privacy.threshold is not None and not hospitals / 2 < privacy.threshold <= hospitals:
        yield (
            "privacy.threshold",
            privacy.threshold,
            f"{hospitals // 2 + 1} to {hospitals}, or null, with {hospitals} hospitals",
        )
    if keep_updates:
        yield "keep_updates", True, f"false with privacy={privacy.name}, since the centre has no update to keep"


def plan_problems(plan: PrivacyPlan, strategy: StrategyPlan) -> Iterator[Problem]:
    """Yield what a hospital does not follow of a plan whose values are within their bounds.

    All hospitals must train from the same numbers: a control variate, or the round whose own layers are taken up, is
    told each hospital by itself, and chosen such that the others' updates are known it would leave one in the sum.
    """
    hospitals: list[Any] = plan.hospitals
    if not plan.is_secure:
        return
    if strategy.control_variates or strategy.keeps != NOTHING:
        yield "privacy", SECAGG, "none where hospitals train from other numbers than the model that all are sent"
    named = all(isinstance(key, str) and _HOSPITAL.fullmatch(key) for key in hospitals)
    if not named or len(set(hospitals)) != len(hospitals) or not FEWEST <= len(hospitals) <= MOST:
        yield "privacy.hospitals", hospitals, f"{FEWEST} to {MOST} hospitals, each once"
    elif not len(hospitals) / 2 < plan.threshold <= len(hospitals):
        yield "privacy.threshold", plan.threshold, "more than half of the hospitals"
