"""A hospital's part in estimating BatchNorm's statistics anew: moments over all of its training slices."""

import numpy as np

from clients.policy.gate import in_time
from clients.prepared import prepared_hospital, use_threads
from clients.site import Site
from common.errors import InputError
from common.model.state import model_from_arrays
from common.model.statistics import Moments, normalisations
from common.protocol.messages import Task
from common.seeds import stream_seed
from common.training.batches import Slices
from common.training.device import pick_device
from common.training.statistics import moments_of


def moments(site: Site, task: Task) -> Moments:
    """Return the moments of the received model.

    Raises
    ------
    InputError
        ``PLAN003`` if the plan does not ask for them, or the network has no such statistics.
    """
    plan = task.plan
    if not plan.estimates_statistics or not normalisations(task.arrays):
        raise InputError("PLAN003", "The server asks for BatchNorm's statistics, and its plan does not.")
    use_threads(task.threads)
    prepared = prepared_hospital(site, plan)
    seed = stream_seed(plan.seed, site.hospital.key, "statistics", task.server_round)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(prepared.split.train)
    model = model_from_arrays(plan.model.name, task.arrays, pick_device(site.device))
    progress = in_time(site.policy, site.progress_callback("estimating statistics"))
    return moments_of(model, Slices(prepared.library.pixels, prepared.scan.labels), order, progress)
