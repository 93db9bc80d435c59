"""A plan against a hospital's policy: what can be told from the plan alone, and what the split shows; pure."""

from collections.abc import Iterator, Mapping
from operator import ge
from typing import Any

from clients.policy.limits import Policy
from clients.policy.refusal import PolicyRefusal
from common.config.bounds import Problem
from common.config.privacy import PRIVACY, PrivacySettings
from common.config.settings import AugmentPlan
from common.config.strategies import EVERYTHING, NORMALISATION, StrategyPlan
from common.labels import NUM_CLASSES
from common.protocol.plan import Plan
from common.text import shown
from common.training.optim import steps_of_round

# the least movement that counts as one
_DEGREES, _SHIFT, _SCALE = 5.0, 0.02, 0.05

Ranges = Mapping[str, tuple[float, tuple[float, float]]]  # setting to its value, the lowest and the highest
Counts = Mapping[str, Mapping[str, int]]  # {"train": {"glioma": 270, ...}, "val": {...}, "test": {...}}


def check_plan(plan: Plan, policy: Policy, threads: int = 0) -> None:
    """Refuse a plan that is outside the policy, before anything is read.

    Raises
    ------
    PolicyRefusal
        ``POLICY001`` with the first setting that is.
    """
    for name, value, takes in problems(plan, policy, threads):
        raise PolicyRefusal(
            "POLICY001", f"{name}={shown(value)} is outside this hospital's policy; {name} takes {takes} here."
        )


def problems(plan: Plan, policy: Policy, threads: int = 0) -> Iterator[Problem]:
    """Yield every setting of a plan that is outside the policy; where nothing is trained, fewer count."""
    yield from _task_problems(plan, policy, threads)
    if plan.evaluates:
        if not policy.evaluation:
            yield "evaluation", "true", "false"
        return
    train, data = plan.train, plan.data
    ranges: Ranges = {
        "train.batch_size": (train.batch_size, policy.batch_size),
        "train.lr": (train.lr, policy.learning_rate),
        "train.local_epochs": (train.local_epochs, (1, policy.local_epochs)),
        "privacy.steps": (plan.dp.steps, (0, policy.steps)),
        "rounds": (plan.rounds, (1, policy.rounds)),
        "fine_tune_rounds": (plan.yardsticks.fine_tune_rounds, (0, policy.rounds)),
    }
    yield from _outside_ranges(ranges)
    if train.optimiser not in policy.optimisers:
        yield "train.optimiser", train.optimiser, " or ".join(policy.optimisers)
    if plan.yardsticks.cross_matrix and not policy.share_update:
        yield "cross_matrix", "true", "false"
    yield from _privacy_problems(plan, policy)
    for asked in asks(plan.strategy):
        if asked not in policy.strategies:
            yield "strategy", asked, " or ".join(policy.strategies)
    if policy.augmentation and not _moves(train.augment):
        takes = (
            f"flip=true and a rotation of {_DEGREES:g} degrees, a shift of {_SHIFT} or a scale of {_SCALE}, or more,"
        )
        yield "train.augment", "too little", takes
    most = NUM_CLASSES * (data.max_per_class or policy.min_train_slices)
    if most < policy.min_train_slices:
        takes = f"null, or enough for {policy.min_train_slices} training slices"
        yield "data.max_per_class", data.max_per_class, takes


def _privacy_problems(plan: Plan, policy: Policy) -> Iterator[Problem]:
    """Yield what protects the hospital's patients less than its policy asks for."""
    has = (plan.privacy.is_secure, plan.dp.is_used)
    protects = {name: (each.is_secure, each.is_private) for name in PRIVACY for each in [PrivacySettings(name)]}
    enough = [name for name, both in protects.items() if all(map(ge, both, protects[policy.privacy]))]
    name = next(name for name, both in protects.items() if both == has)
    if name not in enough:
        yield "privacy", name, " or ".join(enough)
    if plan.dp.epsilon > policy.max_epsilon:
        yield "privacy.epsilon", plan.dp.epsilon, f"at most {policy.max_epsilon:g}"


def _task_problems(plan: Plan, policy: Policy, threads: int) -> Iterator[Problem]:
    """Yield what is outside the policy whether or not something is trained."""
    if plan.model.name not in policy.architectures:
        yield "model.name", plan.model.name, " or ".join(policy.architectures)
    ranges: Ranges = {
        "data.image_size": (plan.data.image_size, policy.image_size),
        "compute.threads": (threads, (0, policy.threads)),
    }
    yield from _outside_ranges(ranges)


def _outside_ranges(ranges: Ranges) -> Iterator[Problem]:
    for name, (value, (low, high)) in ranges.items():
        if not low <= value <= high:
            yield name, value, f"{low:g} to {high:g}"


def asks(strategy: StrategyPlan) -> list[str]:
    """Return what a plan's strategy asks of a hospital, in the words of `Policy.strategies`."""
    found = {
        "fedprox": strategy.proximal_mu > 0,
        "scaffold": strategy.control_variates,
        "fedbn": strategy.keeps == NORMALISATION,
        "local": strategy.keeps == EVERYTHING,
    }
    return [name for name, asked in found.items() if asked] or ["fedavg"]


def check_split(plan: Plan, policy: Policy, counts: Counts) -> None:
    """Refuse what the split shows, before anything is trained, evaluated or told.

    Parameters
    ----------
    counts : mapping
        Slices by part and class.

    Raises
    ------
    PolicyRefusal
        ``POLICY002``; no count is in its sentence.
    """
    size = {part: sum(held.values()) for part, held in counts.items()}
    if not plan.evaluates and size["train"] < policy.min_train_slices:
        raise _too_few(plan, f"leaves fewer than {policy.min_train_slices} slices to train on")
    if any(0 < size[part] < policy.min_evaluation_slices for part in ("val", "test")):
        raise _too_few(plan, f"leaves fewer than {policy.min_evaluation_slices} slices to validate or to test with")
    if any(0 < count < policy.smallest_count for held in counts.values() for count in held.values()):
        raise _too_few(plan, f"makes a class of fewer than {policy.smallest_count} slices in a part of the split")
    steps = 0 if plan.evaluates else steps_of_round(size["train"], plan.train, plan.dp)
    if steps > policy.steps:
        raise _outside("train.batch_size", plan.train.batch_size, policy.steps)


def _too_few(plan: Plan, what: str) -> PolicyRefusal:
    tested = "fewer data.folds" if plan.data.folds else "other data.val_fraction and data.test_fraction"
    advice = f"raise data.max_per_class, or choose {tested}"
    return PolicyRefusal("POLICY002", f"The plan {what} at this hospital, whose policy forbids that; {advice}.")


def _outside(name: str, value: Any, steps: int) -> PolicyRefusal:
    return PolicyRefusal(
        "POLICY001", f"{name}={value} asks for more than {steps} steps a round, the most of this hospital's policy."
    )


def _moves(augment: AugmentPlan) -> bool:
    far = augment.rotation_degrees >= _DEGREES or augment.shift_fraction >= _SHIFT or augment.scale_fraction >= _SCALE
    return augment.flip and far
