"""A hospital's part in telling what is like the slices of training: sums over all of them, and nothing of a single one.

A hospital returns nothing where its policy forbids it (`feature_sums: false`), where the plan asks for secure
aggregation or differential privacy, or where it has no more training slices than there are features: of so few, sums
would tell each.
"""

from clients.policy.gate import in_time
from clients.prepared import prepared_hospital, use_threads
from clients.site import Site
from common.errors import InputError
from common.metrics.familiar.distances import DistanceCounts, count_distances
from common.metrics.familiar.sums import Features, FeatureSums, likeness_from, may_tell, sum_features
from common.model.state import model_from_arrays
from common.protocol.messages import Task
from common.training.batches import Indices, Slices
from common.training.device import pick_device
from common.training.familiarity import feature_count, features_at


def feature_sums(site: Site, task: Task) -> FeatureSums | None:
    """Return the sums of the training slices' features; None where they are not to leave."""
    if not _may_answer(site, task):
        return None
    (train,) = _features(site, task, prepared_hospital(site, task.plan).split.train)
    return sum_features(train)


def distance_counts(site: Site, task: Task) -> DistanceCounts | None:
    """Return the held-out slices by distance; None where the hospital returned no sums either.

    Raises
    ------
    InputError
        ``PLAN006`` for numbers that measure no distance with this network.
    """
    try:
        likeness = likeness_from(task.likeness, feature_count(task.plan.model.name))
    except ValueError as error:
        raise InputError(
            "PLAN006", f"What the server sent to measure distances with cannot be used: {error}."
        ) from None
    if not _may_answer(site, task):
        return None
    split = prepared_hospital(site, task.plan).split
    found = _features(site, task, split.val, split.test)
    val, test = (count_distances(likeness.distances(features)) for features in found)
    return DistanceCounts(val, test)


def _may_answer(site: Site, task: Task) -> bool:
    forbidden = site.policy is not None and not site.policy.feature_sums
    protected = task.plan.privacy.is_secure or task.plan.dp.is_used
    slices = len(prepared_hospital(site, task.plan).split.train)
    return not forbidden and not protected and may_tell(slices, feature_count(task.plan.model.name))


def _features(site: Site, task: Task, *parts: Indices) -> list[Features]:
    use_threads(task.threads)
    prepared, name = prepared_hospital(site, task.plan), task.plan.model.name
    model = model_from_arrays(name, task.arrays, pick_device(site.device))
    progress = in_time(site.policy, site.progress_callback("measuring likeness"))
    slices = Slices(prepared.library.pixels, prepared.scan.labels)
    return [features_at(model, slices, indices, name, progress) for indices in parts]
