"""A plan in words, for the people at a hospital."""

from clients.policy.check import asks
from common.config.architectures import ARCHITECTURES
from common.config.final_model import ALL
from common.config.settings import DataPlan
from common.protocol.plan import Plan
from common.text import small


def in_words(plan: Plan) -> str:
    """Return what a plan asks, for example ``"ResNet18 at 64 px, 15 rounds of 1 epoch, Adam at 0.001, ..."``."""
    train, data = plan.train, plan.data
    if plan.evaluates:
        of = f"{ARCHITECTURES[plan.model.name].title} at {data.image_size} px"
        beside = f" beside model {plan.evaluation.reference[:12]}" if plan.evaluation.reference else ""
        return f"evaluate a finished {of}, model {plan.evaluation.model[:12]}{beside}; nothing is trained"
    parts = [
        f"{ARCHITECTURES[plan.model.name].title} at {data.image_size} px",
        f"{_count(plan.rounds, 'round')} of {_length(plan)}",
        f"{'Adam' if train.optimiser == 'adam' else 'SGD'} at a rate of {train.lr:g} ({train.schedule})",
        _batches(plan),
        f"strategy as {', '.join(asks(plan.strategy))}",
        "the centre learns sums of updates only" if plan.privacy.is_secure else "the centre sees the update",
        *_noise(plan),
        _augmentation(plan),
        "all slices" if data.max_per_class is None else f"at most {data.max_per_class} slices of a class",
        "every one of them trains and NONE is held back to test with" if train.on == ALL else _parts(data),
    ]
    if plan.yardsticks.fine_tune_rounds:
        parts.append(f"the model trained on in {_count(plan.yardsticks.fine_tune_rounds, 'round')} that stay here")
    if plan.yardsticks.cross_matrix:
        parts.append("the last update GOES TO the other hospitals")
    if not data.group_split:
        parts.append("copies and one patient's slices NOT kept on one side of the split")
    return ", ".join([*parts, "fingerprints" if data.cross_hospital_check else "no fingerprints"])


def _parts(data: DataPlan) -> str:
    if data.folds:
        return f"fold {data.fold} of {data.folds} to test and {data.val_fraction:.0%} of the rest to validate with"
    return f"{data.val_fraction:.0%} to validate and {data.test_fraction:.0%} to test with"


def _length(plan: Plan) -> str:
    return _count(plan.dp.steps, "step") if plan.dp.is_used else _count(plan.train.local_epochs, "epoch")


def _batches(plan: Plan) -> str:
    dp = plan.dp
    return f"{dp.patients_per_step} patients a step" if dp.is_used else f"batches of {plan.train.batch_size}"


def _noise(plan: Plan) -> list[str]:
    """Say what the run may cost the patients, where that is bounded."""
    dp = plan.dp
    return [f"noise that hides each patient up to epsilon {dp.epsilon:g} (delta {small(dp.delta)})"] * dp.is_used


def _augmentation(plan: Plan) -> str:
    changes = {
        "mirrored": plan.train.augment.flip,
        "turned": plan.train.augment.rotation_degrees,
        "moved": plan.train.augment.shift_fraction,
        "resized": plan.train.augment.scale_fraction,
        "with other brightness": plan.train.augment.brightness,
        "contrast": plan.train.augment.contrast,
        "gamma": plan.train.augment.gamma,
    }
    said = [word for word, amount in changes.items() if amount]
    return f"slices {', '.join(said)} at random" if said else "slices as they are (NO augmentation)"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
