"""How many noisy steps a round may take at this hospital, and what they cost its patients."""

import logging
import math
from dataclasses import dataclass

from clients import secure
from clients.privacy.ledger import Entry, Ledger, opened_ledger
from clients.privacy.total import Total
from clients.site import Site
from common.metrics.evaluation import Spent
from common.privacy.accountant import Spending, epsilon_of, noise_for, steps_left
from common.privacy.refusal import BUDGET_SPENT, PrivacyRefusal
from common.privacy.shared import left_against, part_of
from common.protocol.messages import Task
from common.protocol.plan import Plan
from common.text import small
from common.training.private.sampling import rate

log = logging.getLogger("clients")


@dataclass(frozen=True)
class Grant:
    """What one round may do."""

    noise_multiplier: float
    """Deviation of the noise over the clip; where hospitals share it, this hospital's part alone."""
    steps: int
    """From 1: as many as were asked for, or as the budget reaches for."""
    spent: Spent
    """After these steps, in the whole run."""


def reserve(site: Site, task: Task, units: int, question: str) -> Grant:
    """Write down what a round's steps cost, before one is taken.

    Parameters
    ----------
    units : int
        Patients that train here, or groups of related slices.
    question : str
        SHA-256 of all that the round's noise follows from. A repeated question costs nothing.

    Raises
    ------
    PrivacyRefusal
        ``DP010`` if the budget reaches for no further step, ``DP011`` if the run began with another plan, ``DP012`` if
        no noise is enough.
    RunError
        ``STORE002`` if what was spent before is not known, ``DISK001`` if it cannot be written down.
    """
    asked = _Asked(task, rate(task.plan.dp, units), question, secure.shared_noise(task), _left_of_total(site, task))
    with opened_ledger(site, task.extra.local.token) as ledger:
        _begin(ledger, asked)
        entry = ledger.entry(question)
        if entry is None:
            entry = _granted(ledger, asked)
            ledger.entries.append(entry)
    return Grant(entry.noise, entry.steps, entry.spent)


@dataclass(frozen=True)
class _Asked:
    task: Task
    rate: float
    question: str
    shared: float  # noise multiplier that the centre says for the sum; 0 where hospitals share none
    most: float  # epsilon that this run may cost, by what all runs together may

    @property
    def plan(self) -> Plan:
        return self.task.plan

    @property
    def budget(self) -> float:
        return min(self.plan.dp.epsilon, self.most)


def _left_of_total(site: Site, task: Task) -> float:
    """Return what this hospital's policy leaves to a run, after what the others have cost."""
    if site.policy is None:
        return math.inf
    others = Total(site.cache_dir, site.hospital.key).spent(but=task.extra.local.token)
    return max(0.0, site.policy.max_epsilon_total - others)


def _begin(ledger: Ledger, asked: _Asked) -> None:
    """Hold a run to the plan that it began with; with its first round, choose the noise, unless it is shared."""
    plan = asked.plan
    if ledger.plan not in ("", plan.sha256):
        raise PrivacyRefusal("DP011", "This run began with another plan, and so with another privacy budget.")
    ledger.plan, ledger.delta = plan.sha256, plan.dp.delta
    if not asked.shared:
        ledger.noise = ledger.noise or plan.dp.noise or _chosen(asked)


def _chosen(asked: _Asked) -> float:
    """Return the least noise with which the budget lasts for every round."""
    dp, steps = asked.plan.dp, asked.plan.rounds * asked.plan.dp.steps
    if not asked.budget:
        raise _spent(asked, 0.0)
    try:
        return noise_for(asked.budget, dp.delta, asked.rate, steps)
    except ValueError:
        raise PrivacyRefusal(
            "DP012", f"No noise makes {steps:,} steps cost an epsilon of {asked.budget:g} at delta {small(dp.delta)}."
        ) from None


def _granted(ledger: Ledger, asked: _Asked) -> Entry:
    dp, shared, threshold = asked.plan.dp, asked.shared, asked.plan.privacy.threshold
    noise = shared or ledger.noise
    steps = steps_left(ledger.history(0), asked.budget, dp.delta, noise, asked.rate, dp.steps)
    if not steps:
        raise _spent(asked, ledger.spent)
    against = left_against(shared, threshold) if shared else (noise, noise, noise)
    history = [[*ledger.history(view), Spending(each, asked.rate, steps)] for view, each in enumerate(against)]
    spent = Spent(noise, *(epsilon_of(each, dp.delta) for each in history))
    part = "" if steps == dp.steps else f"; it reaches for {steps} of the {dp.steps} steps asked for"
    log.info("privacy: epsilon %.3g of %g is spent (delta %s)%s", spent.epsilon, dp.epsilon, small(dp.delta), part)
    own = part_of(shared, threshold) if shared else noise
    return Entry(asked.question, asked.task.server_round, steps, asked.rate, own, against, spent)


def _spent(asked: _Asked, spent: float) -> PrivacyRefusal:
    """Return the refusal; what other runs have cost is not the centre's business."""
    dp, delta = asked.plan.dp, small(asked.plan.dp.delta)
    if asked.budget < dp.epsilon:
        said = "What this hospital's policy allows all runs to cost its patients together (max_epsilon_total) is spent"
    else:
        said = f"The privacy budget of this run is spent: epsilon {spent:.3g} of {dp.epsilon:g} at delta {delta}"
    return PrivacyRefusal(BUDGET_SPENT, f"{said}, and no further step fits.")
