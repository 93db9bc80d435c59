"""A hospital's part in telling how a model does by distance: how much each test slice looks like those of training.

Only counts of it leave, in bins none of which is small (`common.metrics.likeness.counts`). With differential privacy
nothing does, in the run itself and in evaluations of its model: the counts depend on slices of training, without noise.
"""

from clients.prepared import prepared_hospital
from clients.privacy.total import Total
from clients.site import Site
from common.metrics.likeness.counts import Likenesses
from common.protocol.plan import Plan


def likeness_to_training(site: Site, plan: Plan) -> Likenesses | None:
    """Return the likeness of each test slice to the nearest training slice; None where nothing may be told of it.

    A hospital that did not train the model holds every slice back and has none to compare with.
    """
    prepared = prepared_hospital(site, plan)
    if plan.dp.is_used or not len(prepared.split.train):
        return None
    if plan.evaluates and Total(site.cache_dir, site.hospital.key).knows(plan.evaluation.run):
        return None
    return prepared.test_likeness
