"""What a run's protection comes to, in sentences: of its claim, of what that means, and of what attacks found.

An epsilon is rounded up where it is a promise and down where it is a proof, so that neither says more than is known.
"""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from common.artifacts.privacy.guarantee import RunPrivacy
from common.text import counted, listed, small

STRONG, WEAK = 1.0, 10.0
"""Epsilon up to which a guarantee is strong, and beyond which it is weak (Ponomareva et al., arXiv 2303.00654)."""
UNITS = {"patient": "patient", "group": "group of related slices"}
NO_DP = "No differential privacy: this run's model may give away whether a patient was in it."
MASKED = "Secure aggregation hid each hospital's update from the centre; it hides no patient from who has the model."
NOT_RECORDED = "Whether differential privacy protected this run's patients is not recorded."
NOT_REPORTED = (
    "Loss and accuracy on training slices are not reported: they would say something about those slices without noise."
)
RECONSTRUCTION = (
    "It stops reconstruction, not membership: budgets this large kept attacks from rebuilding pictures (Ziller et al. "
    "2024, DOI 10.1038/s42256-024-00858-y)."
)
LIMITS = (
    "It counts for patients whose slices train, in this run alone: a patient at two hospitals spends at both, and "
    "several runs add up. Counts of slices, and figures on validation and test slices, leave without noise."
)


def promised(epsilon: float) -> str:
    """Write an epsilon that is a promise: rounded up, ``"7.95"`` for 7.941."""
    return _written(epsilon, ROUND_CEILING)


def proven(epsilon: float) -> str:
    """Write an epsilon that is a proof: rounded down, ``"7.94"`` for 7.949."""
    return _written(epsilon, ROUND_FLOOR)


def _written(epsilon: float, rounding: str) -> str:
    step = Decimal("0.01") if epsilon < 10 else Decimal("0.1") if epsilon < 100 else Decimal("1")
    text = f"{Decimal(f'{epsilon:.9g}').quantize(step, rounding):f}"  # 8 - 7.4 is a little less than 0.6
    return text.rstrip("0").rstrip(".") if "." in text else text


def delta_text(delta: float | None) -> str:
    """Write a delta: ``"1e-5"``."""
    return "not recorded" if delta is None else small(delta)


def unit(privacy: RunPrivacy) -> str:
    """Say whom epsilon is counted for: a patient, or a group of related slices where a hospital knows no patients."""
    found = {own.unit for own in privacy.per_hospital.values()}
    if len(found) == 1 and (only := next(iter(found))):
        return UNITS[only]
    groups = sorted(name for name, own in privacy.per_hospital.items() if own.unit == "group")
    if None in found or not found:
        return "patient, or group of related slices where patients are not known (which is not recorded)"
    return f"patient (at {listed(groups)}: group of related slices)"


def claim(privacy: RunPrivacy, *, finished: bool = True) -> str:
    """Say in a sentence what a run promises each patient."""
    if not privacy.is_private:
        return NO_DP if privacy.name else NOT_RECORDED
    start = f"Differential privacy per {unit(privacy)}"
    known = [own.epsilon for own in privacy.per_hospital.values() if own.epsilon is not None]
    unknown = [name for name, own in privacy.per_hospital.items() if own.epsilon is None]
    if not known:
        return f"{start} was set; what was spent is not recorded."
    of = f" of {promised(privacy.epsilon)}" if privacy.epsilon is not None else ""
    far = "" if finished else " so far"
    where = f", not recorded for {listed(sorted(unknown))}" if unknown else " at every hospital"
    return f"{start}: epsilon at most {promised(max(known))}{of}{far}{where} (delta {delta_text(privacy.delta)})."


def sentences(privacy: RunPrivacy) -> list[str]:
    """Say all that is known of a finished run's protection: the promise, what it means, and where it ends."""
    if not privacy.is_private:
        return [claim(privacy), *([MASKED] if privacy.is_secure else [])]
    groups = {own.unit for own in privacy.per_hospital.values()} == {"group"}
    who = UNITS["group" if groups else "patient"]
    means = [meaning(privacy.spent, privacy.delta, who)] if privacy.spent is not None else []
    shared = colluding(privacy)
    return [claim(privacy), *means, *([shared] if shared else []), *stopped(privacy), LIMITS]


def highest_accuracy(epsilon: float, delta: float) -> float:
    """Return how often at most who sees all can tell whether a patient was in the data, at odds of one to one.

    It is ``(e^epsilon + delta) / (1 + e^epsilon)`` (Kairouz, Oh and Viswanath, ICML 2015, theorem 2.1).
    """
    rest = math.exp(-epsilon)
    return (1.0 + delta * rest) / (1.0 + rest)


def meaning(epsilon: float, delta: float | None, who: str = "patient") -> str:
    """Say what an epsilon means in plain words, with a number; `who` counts as one."""
    bound = highest_accuracy(epsilon, delta or 0.0)
    share = f"at most {_percent(bound)} % of the time" if bound < 0.9999 else "more than 99.99 % of the time"
    said = (
        f"What epsilon {promised(epsilon)} means: whoever gives a {who} a 50 % chance of being in the training data, "
        f"and sees all that training let out, can be right about it {share}; a guess is right 50 % of the time."
    )
    return f"{said} {RECONSTRUCTION}" if epsilon > WEAK else said


def _percent(share: float) -> str:
    """Write a share that is a promise in percent, rounded up, finer towards 100."""
    digits = 1 if share < 0.99 else 2
    return f"{Decimal(str(100 * share)).quantize(Decimal(1).scaleb(-digits), ROUND_CEILING)}"


def colluding(privacy: RunPrivacy) -> str | None:
    """Say what holds where hospitals tell the centre what they know; None where that is the same, or not recorded."""
    one, all_but_one = privacy.most("epsilon_one_colluding"), privacy.most("epsilon_all_but_one")
    if not (privacy.is_private and privacy.is_secure) or one is None or all_but_one is None:
        return None
    return (
        f"The noise is shared, so less of it is left where hospitals tell the centre theirs: epsilon at most "
        f"{promised(one)} against the centre with one hospital, {promised(all_but_one)} with all but one."
    )


def stopped(privacy: RunPrivacy) -> list[str]:
    """Say which hospitals stopped before the run's end, since their budget reached no further."""
    after = {name: own.stopped_after_round for name, own in sorted(privacy.per_hospital.items())}
    of = f" of {privacy.rounds}" if privacy.rounds else ""
    return [
        f"{name} stopped after {counted(number, 'round')}{of}: its budget reached no further; it is still evaluated."
        for name, number in after.items()
        if number is not None
    ]
