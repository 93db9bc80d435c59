"""How many noisy steps a round may take at this hospital, and what they cost its patients."""

import logging
from dataclasses import dataclass

from clients import secure
from clients.privacy.ledger import Entry, Ledger, opened_ledger
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
    shared = secure.shared_noise(task)
    with opened_ledger(site, task.extra.local.token) as ledger:
        _begin(ledger, task.plan, rate(task.plan.dp, units), shared)
        entry = ledger.entry(question)
        if entry is None:
            entry = _granted(ledger, task, rate(task.plan.dp, units), question, shared)
            ledger.entries.append(entry)
    return Grant(entry.noise, entry.steps, entry.spent)


def _begin(ledger: Ledger, plan: Plan, rate: float, shared: float) -> None:
    """Hold a run to the plan that it began with; with its first round, choose the noise, unless it is shared."""
    if ledger.plan not in ("", plan.sha256):
        raise PrivacyRefusal("DP011", "This run began with another plan, and so with another privacy budget.")
    ledger.plan, ledger.delta = plan.sha256, plan.dp.delta
    if not shared:
        ledger.noise = ledger.noise or plan.dp.noise or _chosen(plan, rate)


def _chosen(plan: Plan, rate: float) -> float:
    """Return the least noise with which the budget lasts for every round."""
    dp, steps = plan.dp, plan.rounds * plan.dp.steps
    try:
        return noise_for(dp.epsilon, dp.delta, rate, steps)
    except ValueError:
        raise PrivacyRefusal(
            "DP012", f"No noise makes {steps:,} steps cost an epsilon of {dp.epsilon:g} at delta {small(dp.delta)}."
        ) from None


def _granted(ledger: Ledger, task: Task, rate: float, question: str, shared: float) -> Entry:
    dp, noise, threshold = task.plan.dp, shared or ledger.noise, task.plan.privacy.threshold
    steps = steps_left(ledger.history(0), dp.epsilon, dp.delta, noise, rate, dp.steps)
    if not steps:
        raise PrivacyRefusal(
            BUDGET_SPENT,
            f"The privacy budget of this run is spent: epsilon {ledger.spent:.3g} of {dp.epsilon:g} at delta "
            f"{small(dp.delta)}, and no further step fits.",
        )
    against = left_against(shared, threshold) if shared else (noise, noise, noise)
    history = [[*ledger.history(view), Spending(each, rate, steps)] for view, each in enumerate(against)]
    spent = Spent(noise, *(epsilon_of(each, dp.delta) for each in history))
    part = "" if steps == dp.steps else f"; it reaches for {steps} of the {dp.steps} steps asked for"
    log.info("privacy: epsilon %.3g of %g is spent (delta %s)%s", spent.epsilon, dp.epsilon, small(dp.delta), part)
    own = part_of(shared, threshold) if shared else noise
    return Entry(question, task.server_round, steps, rate, own, against, spent)
