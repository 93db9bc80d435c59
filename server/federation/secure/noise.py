"""How much noise the sum of a round's updates carries, where hospitals share it."""

from collections.abc import Iterable
from functools import cache

from common.protocol.description import Description
from common.protocol.plan import Plan
from common.training.private.sampling import rate


def noise_of(plan: Plan, hospitals: Iterable[Description]) -> float:
    """Return the noise multiplier of a round; 0 without differential privacy.

    If the plan leaves it open, it is the least with which no hospital's budget against the centre ends before the run
    does: one number for all, as needed where patients are the fewest and so drawn the most often.
    """
    if not plan.dp.is_used or plan.dp.noise:
        return plan.dp.noise
    highest = max(rate(plan.dp, each.patient_counts["train"]) for each in hospitals)
    return _chosen(plan.dp.epsilon, plan.dp.delta, highest, plan.rounds)


@cache
def _chosen(epsilon: float, delta: float, highest: float, rounds: int) -> float:
    from common.privacy.accountant import noise_for  # late: it takes a second, and most runs have none

    return noise_for(epsilon, delta, highest, rounds)
