"""No hospital counts for much more than the median one, since it says itself how many slices it has.

The mean counts each hospital by its training slices. The centre never sees them, so one that claims ten million would
be the mean. From three hospitals on, none counts for more than so many times the round's median (Portnoy, Tirosh and
Hendler, Towards federated learning with Byzantine-robust client weighting, 2020). Strategies that count every
hospital once take no notice.
"""

from collections.abc import Mapping
from dataclasses import replace
from statistics import median

from common.model.weights import AnyArray
from common.protocol.plan import Plan
from common.protocol.postprocess import AnyUpdates, Step
from common.protocol.steps.clip import FEWEST


class Weigh(Step):
    """Limits what each hospital counts for in the mean."""

    name = "weigh"
    position = 11

    def __init__(self, times: float) -> None:
        self.times = times

    @classmethod
    def of(cls, plan: Plan) -> "Weigh | None":
        """Return the step; None where the plan believes every hospital."""
        return cls(plan.strategy.weight_to_median) if plan.strategy.weight_to_median else None

    def on_round(self, updates: AnyUpdates, reference: Mapping[str, AnyArray]) -> AnyUpdates:
        """Cut what is above the limit."""
        most = self.times * median(updates.samples)
        if len(updates.hospitals) < FEWEST or max(updates.samples) <= most:
            return updates
        return replace(updates, counts=[min(count, most) for count in updates.samples])
