"""Who takes part in a step: each patient is drawn by itself, with one probability for all (Poisson sampling)."""

from common.config.dp import DpPlan


def rate(dp: DpPlan, units: int) -> float:
    """Return the probability with which a step draws each of a hospital's patients."""
    return min(1.0, dp.patients_per_step / units)
